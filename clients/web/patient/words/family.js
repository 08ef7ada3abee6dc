/** What the patients' page says to who acts for others, and of who acts for somebody. */

export const EN_FAMILY = {
  me: "Me",
  whose: "Whose",
  forWhom: "Who is this appointment for?",
  keptNext: "The time is kept as soon as you have chosen.",
  somebodyElse: "For somebody else",
  /** @param {string} name empty for oneself, here and below */
  bookedAlready: (name) => `This time is already booked for ${name || "you"}.`,
  /** @param {string} name */
  keptAlready: (name) => `This time is being kept for ${name || "you"}, perhaps in another tab.`,
  /** @param {string} name */
  reasonOfAnother: (name) => `What you wrote for the doctor was about ${name || "yourself"}. It is not sent with this appointment.`,
  writeReason: "Write something else",
  youAre: { PARENT: "your child", GUARDIAN: "you are the legal guardian", CARER: "in your care" },
  relations: { PARENT: "Parent", GUARDIAN: "Legal guardian", CARER: "Carer" },
  by: { PARENT: "by a parent", GUARDIAN: "by the legal guardian", CARER: "by a carer" },
  /** @param {string} name */
  appointmentsOf: (name) => `Appointments of ${name}`,
  /** @param {string} name */
  nextOf: (name) => `Next appointment of ${name}`,
  /** @param {string} name */
  recordsOf: (name) => `Records of ${name}`,
  /** @param {string} name */
  detailsOf: (name) => `Details of ${name}`,
  /** @param {string} name */
  recordsClosed: (name) => `You act for ${name}, but from a certain age on records are shown to the patient alone. If you need something from them, ask the clinic.`,
  /** @param {string} name */
  bookedFor: (name) => `A confirmation, and a reminder the day before, go to the email address and telephone number in the details of ${name}.`,
  title: "Family and others you care for",
  actsLead: "You book, move and cancel for them, and change how the clinic reaches them.",
  nobody: "Do you book for a child, or for somebody you care for? Ask at the clinic: it can let you do so with your own account.",
  byTitle: "Who acts for you",
  byLead: "They book, move and cancel for you, and change how the clinic reaches you. The clinic has added them. You can end it at any time.",
  youAct: "You act for this patient",
  as: "As",
  lastDay: "Last day",
  records: "Records",
  recordsSeen: "You see them",
  recordsUnseen: "You do not see them",
  /** @param {string} day */
  until: (day) => `until ${day}`,
  stopShort: "Stop",
  endShort: "End",
  /** @param {string} name */
  stop: (name) => `Stop acting for ${name}`,
  /** @param {string} name */
  end: (name) => `End it for ${name}`,
  /** @param {string} name */
  stopTitle: (name) => `Stop acting for ${name}?`,
  /** @param {string} name */
  endTitle: (name) => `Shall ${name} no longer act for you?`,
  stopMeans: "You will no longer see or change anything of theirs. What is booked stays booked. Only the clinic can let you act for them again.",
  endMeans: "They will no longer see or change anything of yours. What is booked stays booked. Only the clinic can let them act for you again.",
  patient: "Patient",
  representative: "Who",
  stopYes: "Yes, stop",
  endYes: "Yes, end it",
  goOn: "No, leave it as it is",
  ended: "It is ended.",
  /** @param {string} names */
  noLonger: (names) => `You no longer act for ${names}`,
  noLongerMeans: "You can no longer see or change anything of theirs. What is booked stays booked. If you should still act for them, call the clinic.",
  overTitle: "This is over already",
  over: "Nobody acts there any more.",
  codeHint: "We send a code to it.",
  /** @param {string} name */
  messagesTo: (name) => `For the messages about ${name}.`,
};

/** @type {typeof EN_FAMILY} */
export const JA_FAMILY = {
  me: "自分",
  whose: "どなたの内容か",
  forWhom: "どなたの予約ですか",
  keptNext: "選ぶと、この時間をお取り置きします。",
  somebodyElse: "ほかの方の予約にする",
  bookedAlready: (name) => `この時間は、すでに${name ? ` ${name} さん` : "ご自分"}の予約が入っています。`,
  keptAlready: (name) => `この時間は、${name ? ` ${name} さん` : "ご自分"}のためにお取り置き中です。別のタブで選ばれている可能性があります。`,
  reasonOfAnother: (name) => `医師への連絡事項は${name ? ` ${name} さん` : "ご自分"}について書かれたものです。この予約では送信しません。`,
  writeReason: "書き直す",
  youAre: { PARENT: "お子さん", GUARDIAN: "後見されている方", CARER: "介護・お世話をされている方" },
  relations: { PARENT: "親", GUARDIAN: "法定後見人", CARER: "介護・お世話をする人" },
  by: { PARENT: "親による操作", GUARDIAN: "法定後見人による操作", CARER: "介護・お世話をする人による操作" },
  appointmentsOf: (name) => `${name} さんの予約`,
  nextOf: (name) => `${name} さんの次回のご予約`,
  recordsOf: (name) => `${name} さんの診療記録`,
  detailsOf: (name) => `${name} さんの登録情報`,
  recordsClosed: (name) => `${name} さんの代理をしていますが、一定の年齢からは診療記録はご本人だけに表示されます。必要な場合はクリニックへお問い合わせください。`,
  bookedFor: (name) => `確認と前日のお知らせは、${name} さんの登録情報のメールアドレスと電話番号にお送りします。`,
  title: "ご家族など、代わりに手続きする方",
  actsLead: "この方たちの予約・変更・取り消しと、連絡先の変更ができます。",
  nobody: "お子さんや、お世話をしている方の予約もされますか。クリニックの窓口でお申し出いただくと、ご自分のアカウントで手続きできるようになります。",
  byTitle: "あなたの代理の方",
  byLead: "あなたの予約・変更・取り消しと、連絡先の変更ができます。クリニックが登録しました。いつでも終了できます。",
  youAct: "代理について",
  as: "続柄",
  lastDay: "最終日",
  records: "診療記録",
  recordsSeen: "閲覧できます",
  recordsUnseen: "閲覧できません",
  until: (day) => `${day} まで`,
  stopShort: "やめる",
  endShort: "終了",
  stop: (name) => `${name} さんの代理をやめる`,
  end: (name) => `${name} さんの代理を終了する`,
  stopTitle: (name) => `${name} さんの代理をやめますか`,
  endTitle: (name) => `${name} さんの代理を終了しますか`,
  stopMeans: "この方の内容の閲覧や変更ができなくなります。予約はそのまま残ります。もう一度代理になるには、クリニックでの登録が必要です。",
  endMeans: "この方は、あなたの内容の閲覧や変更ができなくなります。予約はそのまま残ります。もう一度代理になるには、クリニックでの登録が必要です。",
  patient: "患者",
  representative: "代理の方",
  stopYes: "やめる",
  endYes: "終了する",
  goOn: "このままにする",
  ended: "終了しました。",
  noLonger: (names) => `${names} さんの代理は終了しました`,
  noLongerMeans: "この方の内容の閲覧や変更はできません。予約はそのまま残ります。引き続き代理が必要な場合は、クリニックへお電話ください。",
  overTitle: "すでに終了しています",
  over: "この代理は終了しています。",
  codeHint: "確認コードをお送りします。",
  messagesTo: (name) => `${name} さんについてのお知らせの言語です。`,
};

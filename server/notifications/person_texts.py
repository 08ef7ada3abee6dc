"""The texts of notices that are about a person or an account: warnings, codes, links."""

from server.domain.notices import NoticeKind

TO_PERSON = {
    "en": {
        NoticeKind.SECURITY_WARNING: (
            "A sign-in of your account was used twice, which may mean that somebody copied it. We have ended it.\n"
            "Sign in again and choose a new password. If this happens again, call the clinic.\n"
        ),
        NoticeKind.SECOND_FACTOR_REMOVED: (
            "The second factor of your account was removed, and all devices were signed out. Only your password"
            ' protects the account now: sign in, and set up a second factor again under "My account".\n'
            "If you did not do this and asked no admin for it, choose a new password and tell an admin at once.\n"
        ),
        NoticeKind.RECOVERY_CODES_RENEWED: (
            "New recovery codes were made for your account. Those from before do not work any more.\n"
            "If you did not do this, choose a new password and tell an admin at once.\n"
        ),
        NoticeKind.CONTACT_CODE: (
            "{code} is the code that confirms this address or number for your clinic. Enter it in your account, or tell"
            " it to the clinic, within 24 hours.\nIf you did not ask for this, ignore this message.\n"
        ),
        NoticeKind.CONTACT_CHANGED: (
            "The address or number at which your clinic reaches you is being changed.\n"
            "If you did not ask for this, call the clinic.\n"
        ),
        NoticeKind.DETAILS_CHANGED: (
            "A clinic that has not seen you yet has changed the details that we keep of you. Your access log says"
            " why.\nIf this is wrong, call your clinic.\n"
        ),
        NoticeKind.REPRESENTATIVE_ADDED: (
            "A clinic has entered that somebody may act for you as a patient: book, move and cancel your appointments,"
            " and see your details.\nThe clinic tells you who it is, and so does your account, where you can end it. If"
            " you do not know of this, call the clinic.\n"
        ),
        NoticeKind.REPRESENTATIVE_ENDED: (
            "Somebody who acted for you as a patient does so no more.\nIf you do not know of this, call your clinic.\n"
        ),
        NoticeKind.REGISTRATION_CODE: (
            "{code} is the code that ends your registration. Enter it on the page where you registered, within an"
            " hour.\n"
            "If you did not register, ignore this message: nothing happens without the code.\n"
        ),
        NoticeKind.REGISTRATION_KNOWN: (
            "Somebody tried to register with this email address, which has an account already. Nothing was changed.\n"
            "If it was you, sign in with your password, or ask for a new one on the page for that.\n"
        ),
        NoticeKind.INVITATION: (
            "An account was made for you. Choose its password here, within 7 days:\n\n{link}\n\n"
            "The link works once: do not pass it on. If you did not expect this message, ignore it.\n"
        ),
        NoticeKind.PASSWORD_RESET: (
            "Choose a new password for your account here, within 24 hours:\n\n{link}\n\n"
            "The link works once: do not pass it on. If you did not ask for this, ignore this message.\n"
        ),
    },
    "ja": {
        NoticeKind.SECURITY_WARNING: (
            "ログイン情報が二重に使われました。第三者による不正利用のおそれがあるため、ログアウトしました。\n"
            "もう一度ログインし、パスワードを変更してください。再び起きた場合はお電話ください。\n"
        ),
        NoticeKind.SECOND_FACTOR_REMOVED: (
            "アカウントの二要素認証が解除され、すべての端末からログアウトしました。現在はパスワードだけで保護されています。"
            "ログインして、「マイアカウント」から二要素認証をもう一度設定してください。\n"
            "お心当たりがなく、管理者に依頼もしていない場合は、パスワードを変更し、すぐに管理者にご連絡ください。\n"
        ),
        NoticeKind.RECOVERY_CODES_RENEWED: (
            "アカウントのリカバリーコードが新しく発行されました。以前のコードは使えません。\n"
            "お心当たりのない場合は、パスワードを変更し、すぐに管理者にご連絡ください。\n"
        ),
        NoticeKind.CONTACT_CODE: (
            "医療機関からのお知らせ先を確認するコードは{code}です。24時間以内にアカウントで入力するか、"
            "医療機関にお伝えください。\nお心当たりのない場合は、このメッセージを無視してください。\n"
        ),
        NoticeKind.CONTACT_CHANGED: (
            "医療機関からのお知らせ先の変更手続きが行われています。\nお心当たりのない場合は、お電話ください。\n"
        ),
        NoticeKind.DETAILS_CHANGED: (
            "受診歴のない医療機関が、あなたの登録内容を変更しました。理由は閲覧履歴でご確認いただけます。\n"
            "お心当たりのない場合は、かかりつけの医療機関にお電話ください。\n"
        ),
        NoticeKind.REPRESENTATIVE_ADDED: (
            "医療機関が、あなたの代理の方を登録しました。代理の方は、予約・変更・取り消しと、登録内容の確認ができます。\n"
            "代理の方のお名前は、アカウントまたは医療機関で確認でき、アカウントから代理を終了できます。"
            "お心当たりのない場合は、お電話ください。\n"
        ),
        NoticeKind.REPRESENTATIVE_ENDED: (
            "あなたの代理の方の登録が終了しました。\nお心当たりのない場合は、医療機関にお電話ください。\n"
        ),
        NoticeKind.REGISTRATION_CODE: (
            "ご登録の確認コードは{code}です。1時間以内に登録の画面で入力してください。\n"
            "お心当たりのない場合は、このメッセージを無視してください。コードがなければ何も登録されません。\n"
        ),
        NoticeKind.REGISTRATION_KNOWN: (
            "このメールアドレスで新しい登録の手続きがありましたが、すでにアカウントがあります。何も変更されていません。\n"
            "ご本人の場合は、パスワードでログインするか、新しいパスワードをご請求ください。\n"
        ),
        NoticeKind.INVITATION: (
            "アカウントをご用意しました。7日以内に、こちらからパスワードを設定してください。\n\n{link}\n\n"
            "このリンクは一度だけ使えます。ほかの人に渡さないでください。お心当たりのない場合は、このメッセージを無視してください。\n"
        ),
        NoticeKind.PASSWORD_RESET: (
            "24時間以内に、こちらから新しいパスワードを設定してください。\n\n{link}\n\n"
            "このリンクは一度だけ使えます。ほかの人に渡さないでください。お心当たりのない場合は、このメッセージを無視してください。\n"
        ),
    },
}

TO_REPRESENTATIVE = {
    "en": {
        NoticeKind.REPRESENTATIVE_ADDED: (
            "A clinic has entered that you may act for another patient. Sign in to see for whom, and to book, move and"
            " cancel their appointments.\n"
            "If you are signed in already, it may take 15 minutes. If you did not expect this, call the clinic.\n"
        ),
        NoticeKind.REPRESENTATIVE_ENDED: (
            "You no longer act for a patient for whom you did. Sign in to see for whom you still act.\n"
            "If you did not expect this, call the clinic.\n"
        ),
    },
    "ja": {
        NoticeKind.REPRESENTATIVE_ADDED: (
            "医療機関が、あなたをほかの患者様の代理として登録しました。ログインすると、どなたの代理かを確認し、"
            "予約・変更・取り消しができます。\n"
            "すでにログインしている場合は、15分ほどかかることがあります。お心当たりのない場合は、お電話ください。\n"
        ),
        NoticeKind.REPRESENTATIVE_ENDED: (
            "患者様の代理としての登録が終了しました。ログインすると、ほかの方の代理の登録を確認できます。\n"
            "お心当たりのない場合は、医療機関にお電話ください。\n"
        ),
    },
}
"""Of these kinds, what goes to the owner of the account that acts; TO_PERSON goes to the patient."""

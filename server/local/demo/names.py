"""Invented people: names combined from short lists, and telephone numbers that are never assigned."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Country:
    """Names and telephone numbers of a country."""

    given: Sequence[str]
    family: Sequence[str]
    family_first: bool
    phone: str
    """The prefix of numbers that are never assigned."""
    phone_digits: int
    """The number of digits after the prefix; their value is below `phone_limit`."""
    phone_limit: int

    def name(self, random: Random) -> str:
        """A name as it is written in that country."""
        given, family = random.choice(self.given), random.choice(self.family)
        return f"{family} {given}" if self.family_first else f"{given} {family}"

    def number(self, random: Random) -> str:
        """A telephone number in E.164 form."""
        return f"{self.phone}{random.randrange(self.phone_limit):0{self.phone_digits}}"


# No exchange code begins with 1.
JAPAN = Country(
    given=(
        "Akira", "Aoi", "Ayaka", "Chiyo", "Daiki", "Emi", "Fumiko", "Goro", "Haruto", "Hina", "Hiroshi", "Kaito",
        "Kana", "Kazuo", "Kenji", "Mai", "Makoto", "Mei", "Michiko", "Minoru", "Naoki", "Nozomi", "Ren", "Riku",
        "Sakura", "Satoshi", "Shiori", "Sora", "Takumi", "Tomoko", "Tsubasa", "Yoko", "Yuki", "Yuto",
    ),
    family=(
        "Abe", "Aoki", "Endo", "Fujita", "Fukuda", "Goto", "Hara", "Hasegawa", "Hayashi", "Ikeda", "Inoue", "Ishii",
        "Kato", "Kimura", "Kobayashi", "Kondo", "Matsuda", "Mori", "Murata", "Nakajima", "Nishimura", "Ogawa",
        "Okada", "Ono", "Ota", "Saito", "Sakai", "Shimizu", "Takagi", "Takeda", "Tamura", "Ueda", "Wada",
        "Yamashita",
    ),
    family_first=True,
    phone="+8131234",
    phone_digits=4,
    phone_limit=10_000,
)  # fmt: skip
# 555-0100 to 555-0199 are reserved for fiction.
UNITED_STATES = Country(
    given=(
        "Aaron", "Alicia", "Andre", "Brianna", "Carlos", "Chloe", "Darius", "Diana", "Elena", "Ethan", "Fatima",
        "Gabriel", "Hannah", "Isaac", "Jasmine", "Joel", "Kayla", "Leo", "Lucia", "Marcus", "Maya", "Nathan",
        "Nina", "Oscar", "Priya", "Quinn", "Rosa", "Samuel", "Sofia", "Tanya", "Theo", "Victor", "Wendy", "Zoe",
    ),
    family=(
        "Alvarez", "Baker", "Brooks", "Chen", "Coleman", "Cruz", "Diaz", "Ellis", "Fisher", "Foster", "Garcia",
        "Gupta", "Hayes", "Howard", "Jenkins", "Kaplan", "Kim", "Lopez", "Mason", "Morales", "Murphy", "Nguyen",
        "Ortiz", "Park", "Perez", "Price", "Ramirez", "Reed", "Rossi", "Sanders", "Torres", "Walsh", "Weaver",
        "Young",
    ),
    family_first=False,
    phone="+121255501",
    phone_digits=2,
    phone_limit=100,
)  # fmt: skip
# 020 7946 0000 to 0999 are reserved for use in drama.
UNITED_KINGDOM = Country(
    given=(
        "Aisha", "Alfie", "Alice", "Amara", "Archie", "Beatrice", "Callum", "Charlotte", "Dev", "Edith", "Ewan",
        "Florence", "Freya", "George", "Grace", "Harriet", "Imogen", "Isla", "Jack", "Kofi", "Layla", "Lewis",
        "Megan", "Mohammed", "Nell", "Oliver", "Poppy", "Rhys", "Rohan", "Ruby", "Rupert", "Sienna", "Thomas",
        "Zara",
    ),
    family=(
        "Adeyemi", "Ahmed", "Bailey", "Barnes", "Begum", "Bennett", "Campbell", "Carter", "Davies", "Edwards",
        "Evans", "Fletcher", "Graham", "Griffiths", "Harrison", "Hughes", "Hussain", "Jones", "Kaur", "Knight",
        "Lloyd", "Mensah", "Morgan", "Osborne", "Patel", "Pearce", "Roberts", "Shah", "Singh", "Spencer",
        "Thompson", "Turner", "Webb", "Wright",
    ),
    family_first=False,
    phone="+44207946",
    phone_digits=4,
    phone_limit=1_000,
)  # fmt: skip

"""How the database folds names, and by what it finds and sorts patients.

`server.domain.people.names` folds by the same rules;
`server.domain.people.search_terms` shows the whole way of a search, from the request to these functions.

The functions call each other only where PostgreSQL looks them up once: a dump is restored without a search path.
"""

from sqlalchemy import DDL, event

from db.postgres.tables.common import metadata

NAME_FOLDED = r"""
CREATE FUNCTION name_folded(name text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN translate(
    normalize(regexp_replace(normalize(
        replace(replace(replace(translate(
            casefold(normalize(regexp_replace(name,
                '[''`\u00b4\u02bb\u02bc\u2018\u2019\uff07\uff40'
                '\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164'
                '\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]',
                '', 'g'), NFKC) COLLATE pg_unicode_fast),
            'øłđıð', 'oldid'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        NFD), '[\u0300-\u036f]', '', 'g'), NFC),
    'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ',
    'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ')
"""
NAME_PARTS = r"""
CREATE FUNCTION name_parts(name text) RETURNS text[] IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN regexp_split_to_array(trim(regexp_replace(name_folded(name),
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u058a\u05be\u05f3\u05f4\u060c\u1680'
    '\u2000-\u206f\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30a0\u30fb\ufe10-\ufe1f\ufe30-\ufe6f]+',
    ' ', 'g')), ' ')
"""
# As a dictionary sorts: small kana like large ones, voiced ones like plain ones.
NAME_ORDER = r"""
CREATE FUNCTION name_order(name text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN translate(
    regexp_replace(normalize(array_to_string(name_parts(name), ' '), NFD), '[\u3099\u309a]', '', 'g'),
    'ぁぃぅぇぉっゃゅょゎゕゖ', 'あいうえおつやゆよわかけ')
"""
# What of a name follows the start of each part, and of each letter where there are no spaces between words; behind #
# the birth date as far as it is known, behind + the digits of the phone number from the last one on.
PATIENT_TERMS = r"""
CREATE FUNCTION patient_terms(name text[], reading text[], birth_date date, birth_precision text, phone text)
RETURNS tsvector IMMUTABLE PARALLEL SAFE COST 500 LANGUAGE plpgsql AS $$
DECLARE
    unspaced CONSTANT text := '[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]';
    longest CONSTANT int := 40;
    terms text[] := '{}';
    parts text[];
    rest text;
BEGIN
    FOR written IN 1 .. 2 LOOP
        parts := CASE written WHEN 1 THEN name ELSE reading END;
        FOR part IN 1 .. cardinality(parts) LOOP
            rest := array_to_string(parts[part:], '');
            terms := terms || left(rest, longest);
            IF parts[part] ~ unspaced THEN
                FOR letter IN 2 .. length(parts[part]) LOOP
                    IF substr(rest, letter, 1) ~ unspaced THEN
                        terms := terms || substr(rest, letter, longest);
                    END IF;
                END LOOP;
            END IF;
        END LOOP;
    END LOOP;
    IF birth_date IS NOT NULL THEN
        terms := terms || ('#' || left(
            (extract(year FROM birth_date) * 10000 + extract(month FROM birth_date) * 100
                + extract(day FROM birth_date))::int::text,
            CASE birth_precision WHEN 'year' THEN 4 WHEN 'month' THEN 6 ELSE 8 END) || '.');
    END IF;
    IF phone <> '' THEN
        terms := terms || ('+' || reverse(regexp_replace(split_part(phone, ';', 1), '\D', '', 'g')));
    END IF;
    RETURN array_to_tsvector(array_remove(terms, ''));
END $$
"""


def _create(statement: str) -> DDL:
    return DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]


for _function in (NAME_FOLDED, NAME_PARTS, NAME_ORDER, PATIENT_TERMS):
    event.listen(metadata, "before_create", _create(_function))

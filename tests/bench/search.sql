-- A million patients, half with a Japanese name and its reading, half with a Latin one. Common names are as common as in
-- life: the first of 3,000 family names has 2.6 % of the people, the first of 800 given names 4.8 %.
SET synchronous_commit = off;
INSERT INTO patients (id, name, name_kana, birth_date, phone, email, version, created_at, updated_at)
SELECT uuidv7(),
    CASE n % 2 WHEN 0 THEN substr(:'kanji', 1 + family % 300, 1) || substr(:'kanji', 1 + family / 10, 1) || ' '
            || substr(:'kanji', 1 + given % 300, 1) || CASE given % 3 WHEN 0 THEN '' ELSE substr(:'kanji', 1 + given / 3, 1) END
        ELSE initcap((:'latin'::text[])[1 + given % 20] || (:'latin'::text[])[1 + given / 40]) || ' '
            || initcap((:'latin'::text[])[1 + family % 20] || (:'latin'::text[])[1 + family / 20 % 20]
                || (:'latin'::text[])[1 + family / 400]) END,
    CASE n % 2 WHEN 0 THEN (:'kana'::text[])[1 + family % 20] || (:'kana'::text[])[1 + family / 20 % 20]
            || (:'kana'::text[])[1 + family / 400] || ' ' || (:'kana'::text[])[1 + given % 20] || (:'kana'::text[])[1 + given / 40]
        ELSE '' END,
    date '1930-01-01' + (random() * 33000)::int,
    '+8190' || lpad((random() * 99999999)::int::text, 8, '0'), '', 1, now(), now()
FROM generate_series(1, :patients) n,
    LATERAL (SELECT floor(3000 * random() ^ 2.2)::int AS family, floor(800 * random() ^ 2.2)::int AS given WHERE n > 0) AS names;
VACUUM ANALYZE patients

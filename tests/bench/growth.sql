-- A book of `doctors` doctors who see 16 patients a day (of 24 slots), from `past` days ago until 20 days ahead; every
-- patient comes once in some weeks, one has come for all of `long` visits. Ids are made from numbers.
CREATE FUNCTION made(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('0000000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

-- The indexes are made anew once the rows are there; those that constraints own stay.
CREATE TEMP TABLE removed AS
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'appointments' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname);
SELECT format('DROP INDEX %I', indexname) FROM removed \gexec
-- Foreign keys are not looked up for rows that are made to fit.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '1GB';

INSERT INTO clinics (id, name, time_zone, horizon_days, min_notice_minutes, cancel_by_minutes, max_per_patient_day,
    buffer_minutes, created_at, updated_at)
SELECT made(1, n), 'Clinic ' || n, 'Etc/UTC', 90, 0, 0, 20, 0, now(), now()
FROM generate_series(0, (:doctors - 1) / 5) n;
INSERT INTO practitioners (id, name, created_at, updated_at)
SELECT made(2, n), 'Practitioner ' || n, now(), now() FROM generate_series(0, :doctors - 1) n;
INSERT INTO doctors (id, practitioner_id, clinic_id, specialty, active, hours_version, version, created_at, updated_at)
SELECT made(3, n), made(2, n), made(1, n / 5), 'Specialty ' || n % 10, true, 1, 1, now(), now()
FROM generate_series(0, :doctors - 1) n;
INSERT INTO working_hours (doctor_id, valid_from)
SELECT made(3, n), current_date - :past - 1 FROM generate_series(0, :doctors - 1) n;
INSERT INTO working_sessions (doctor_id, valid_from, weekday, start_local, end_local, slot_minutes, capacity)
SELECT made(3, n), current_date - :past - 1, weekday, '09:00', '17:00', 20, 1
FROM generate_series(0, :doctors - 1) n, generate_series(1, 7) weekday;
INSERT INTO patients (id, name, birth_date, phone, email, version, created_at, updated_at)
SELECT made(4, n), 'Patient ' || n, date '1950-01-01' + (n % 20000)::int, '', '', 1, now(), now()
FROM generate_series(0, :patients) n;

-- In the order of time, as a book fills: a slot of a day, then the doctors.
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
SELECT made(5, n), made(3, doctor), made(2, doctor), made(1, doctor / 5), made(4, n % :patients), day, start,
    start + interval '20 minutes', tstzrange(start, start + interval '20 minutes'), 1,
    CASE WHEN day < current_date THEN 'completed' ELSE 'scheduled' END, NULL, 'check-up', 1, start, start
FROM generate_series(0, :doctors::bigint * (:past + 20) * 16 - 1) n,
    LATERAL (SELECT n % :doctors AS doctor, (n / :doctors / 16)::int - :past + current_date AS day,
        (n / :doctors % 16)::int * 3 / 2 AS slot) AS place,
    LATERAL (SELECT (day + time '09:00' + slot * interval '20 minutes') AT TIME ZONE 'UTC' AS start) AS moment;
INSERT INTO schedule_days (doctor_id, date, revision, changed_at)
SELECT made(3, doctor), current_date + day, 16, now() - interval '1 day'
FROM generate_series(0, :doctors - 1) doctor, generate_series(-:past, 19) day;
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
SELECT made(6, n), made(3, 0), made(2, 0), made(1, 0), made(4, :patients), start::date, start,
    start + interval '5 minutes', tstzrange(start, start + interval '5 minutes'), 1, 'completed', NULL, 'dialysis', 1,
    start, start
FROM generate_series(1, :long) n,
    LATERAL (SELECT (current_date - interval '1 day') AT TIME ZONE 'UTC' - n * interval '20 minutes' AS start) AS moment;

SELECT indexdef FROM removed \gexec
-- VACUUM makes the visibility map, which autovacuum would make in time.
VACUUM ANALYZE

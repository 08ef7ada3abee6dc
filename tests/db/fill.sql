-- A book that is large enough for the planner to prefer indexes: 3 clinics, 120 doctors, 20,000 patients,
-- 120 appointments a day over 500 days. Ids are made from numbers.
CREATE FUNCTION made(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

INSERT INTO clinics SELECT made(1, n), 'Clinic ' || n, 'Asia/Tokyo', 90, 0, 0, 20, 0, now(), now()
FROM generate_series(1, 3) n;
INSERT INTO practitioners SELECT made(2, n), 'Practitioner ' || n, now(), now() FROM generate_series(1, 3000) n;
INSERT INTO doctors
SELECT made(3, n), made(2, n), made(1, 1 + n % 3), 'Specialty ' || n % 60, true, 1, 1, now(), now()
FROM generate_series(1, 3000) n;
INSERT INTO working_hours SELECT made(3, n), '2020-01-01' FROM generate_series(1, 3000) n;
INSERT INTO working_sessions
SELECT made(3, n), '2020-01-01', weekday, '09:00', '17:00', 30, 1
FROM generate_series(1, 3000) n, generate_series(1, 7) weekday;
INSERT INTO patients (id, name, birth_date, phone, email, version, created_at, updated_at)
SELECT made(4, n), 'Patient ' || n, date '1950-01-01' + (n % 20000)::int, '', '', 1, now(), now()
FROM generate_series(1, 20000) n;
INSERT INTO patient_identifiers SELECT 'urn:test', n::text, made(4, n) FROM generate_series(1, 20000) n;
INSERT INTO practitioner_identifiers SELECT 'urn:test', n::text, made(2, n) FROM generate_series(1, 3000) n;

INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
SELECT made(5, day * 1000 + n), made(3, n), made(2, n), made(1, 1 + n % 3), made(4, 1 + (day * 120 + n) % 20000),
    date '2025-01-01' + day, start, start + interval '30 minutes',
    tstzrange(start, start + interval '30 minutes'), 1,
    CASE WHEN day < 425 THEN 'completed' WHEN n % 10 = 0 THEN 'cancelled' ELSE 'scheduled' END,
    NULL, '', 1, now(), now()
FROM generate_series(0, 499) day, generate_series(1, 120) n,
    LATERAL (SELECT ((date '2025-01-01' + day) + interval '9 hours' + n % 16 * interval '30 minutes')
        AT TIME ZONE 'Asia/Tokyo' AS start) AS slot;
INSERT INTO appointment_events (appointment_id, happened_at, actor, event, note)
SELECT id, created_at, 'tests', 'booked', '' FROM appointments;
INSERT INTO appointment_identifiers SELECT 'urn:test', id::text, id FROM appointments;
INSERT INTO schedule_days SELECT DISTINCT doctor_id, date, 1, date - interval '30 days' FROM appointments;
INSERT INTO idempotency_keys
SELECT 'caller ' || n % 500, made(0, n), '\x00', '\x00', timestamptz '2026-02-01' + n * interval '2 minutes'
FROM generate_series(1, 30000) n;
INSERT INTO clinic_feeds SELECT made(1, n), 20000 FROM generate_series(1, 3) n;
INSERT INTO appointment_changes
SELECT a.clinic_id, row_number() OVER (PARTITION BY a.clinic_id ORDER BY a.id), a.id, 'booked', now() FROM appointments a;
INSERT INTO notifications
SELECT id, 'confirmation', id, NULL, 1, 'email', CASE WHEN date > '2026-03-01' THEN 'planned' ELSE 'sent' END, '', 1,
    start_at - interval '1 day', start_at, now(), now()
FROM appointments;

INSERT INTO accounts (id, email, roles, clinic_ids, all_clinics, created_at)
SELECT made(4, n), 'patient-' || n || '@example.org', '{patient}', '{}', false, now() FROM generate_series(1, 20000) n;
-- Each acts for the next patient; those of every second one have ended.
INSERT INTO representatives
SELECT id, id, made(4, 1 + n % 20000), 'carer', made(1, 1 + n % 3), 'seen', false, now(), timestamptz '2020-01-01' + n * interval '1 hour',
    CASE WHEN n % 2 = 0 THEN timestamptz '2020-01-01' + n * interval '2 hours' END
FROM generate_series(1, 20000) n, LATERAL (SELECT made(4, n) AS id) account;
INSERT INTO security_events SELECT id, id, 'password_set', id::text, NULL, now() FROM accounts;
-- Two records for each patient, and two rows of the audit trail.
INSERT INTO records
SELECT made(6, n * 2 + k), made(4, n), made(3, 1 + n % 3000), made(1, 1 + (1 + n % 3000) % 3), NULL, 1,
    timestamptz '2020-01-01' + n * interval '2 hours', timestamptz '2020-01-01' + n * interval '2 hours'
FROM generate_series(1, 20000) n, generate_series(0, 1) k;
INSERT INTO record_versions SELECT id, 1, 2020, '\x00', created_at FROM records;
INSERT INTO record_identifiers SELECT 'urn:test', id::text, id FROM records;
INSERT INTO record_data_keys
SELECT made(4, n), 2020, CASE WHEN n % 100 = 0 THEN 'old' ELSE 'new' END, '\x00', now() FROM generate_series(1, 20000) n;
INSERT INTO record_audit_chains SELECT made(4, n), 2 FROM generate_series(1, 20000) n;
INSERT INTO record_audit (patient_id, seq, happened_at, actor, access, basis, record_ids, note, key_id, mac)
SELECT made(4, n), seq, now(), 'caller 77', CASE seq WHEN 1 THEN 'broke_glass' ELSE 'read' END, 'break_glass',
    ARRAY[made(6, n * 2)], '', 'key', '\x00'
FROM generate_series(1, 20000) n, generate_series(1, 2) seq;
-- A ticket for each appointment, and its call.
INSERT INTO lanes SELECT id, clinic_id, id::text FROM doctors;
INSERT INTO tickets
SELECT id, doctor_id, date, row_number() OVER (PARTITION BY doctor_id, date ORDER BY id), id, 'done', 0, start_at, start_at,
    start_at, end_at, 1, 'Room 1'
FROM appointments;
INSERT INTO ticket_events (ticket_id, happened_at, actor, event, note) SELECT id, due_at, 'tests', 'called', '' FROM tickets;
-- Time off of each doctor, and of each appointment that met one.
INSERT INTO time_off
SELECT id, doctor_id, start_at, end_at, '', 'tests', created_at, NULL FROM appointments;
INSERT INTO time_off_appointments SELECT id, id, start_at, end_at FROM appointments;

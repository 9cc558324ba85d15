-- A batch is made by one statement, so that nobody holds the lock who went away in between.
-- Returns the space of the first expectation that doesn't hold, or null if all was made.
CREATE FUNCTION countersign.commit(
    expected_spaces smallint[], expected_keys bytea[], expected_values bytea[],
    changed_spaces smallint[], changed_keys bytea[], changed_values bytea[]
) RETURNS smallint LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
    conflict smallint;
BEGIN
    -- "counters" in ASCII: writers wait for one another. What the one before made is seen from here on.
    PERFORM pg_advisory_xact_lock(7165074649429406323);
    SELECT expected.space INTO conflict
        FROM unnest(expected_spaces, expected_keys, expected_values)
            WITH ORDINALITY AS expected (space, key, value, place)
        LEFT JOIN countersign.entries AS found USING (space, key)
        WHERE found.value IS DISTINCT FROM expected.value
        ORDER BY expected.place LIMIT 1;
    IF FOUND THEN
        RETURN conflict;
    END IF;
    WITH changed AS (
        SELECT DISTINCT ON (space, key) space, key, value
        FROM unnest(changed_spaces, changed_keys, changed_values)
            WITH ORDINALITY AS changed (space, key, value, place)
        ORDER BY space, key, place DESC
    ), gone AS (
        DELETE FROM countersign.entries AS entry USING changed
        WHERE entry.space = changed.space AND entry.key = changed.key AND changed.value IS NULL
    )
    INSERT INTO countersign.entries (space, key, value)
        SELECT space, key, value FROM changed WHERE value IS NOT NULL
        ON CONFLICT (space, key) DO UPDATE SET value = excluded.value;
    PERFORM pg_notify('countersign', '');
    RETURN NULL;
END
$$;

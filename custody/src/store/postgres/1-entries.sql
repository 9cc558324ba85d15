-- Entries by space and key.
CREATE SCHEMA IF NOT EXISTS countersign;
CREATE TABLE countersign.entries (
    space smallint NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (space, key)
);
INSERT INTO countersign.entries VALUES (0, 'format', '1');

-- Stock and the orders that hold it: a participant of the two-phase commit. Owner: src/inventory.
CREATE SCHEMA inventory;

-- free + held + sold = initial, and no number is ever negative.
CREATE TABLE inventory.stock (
  book_id text   COLLATE "C" PRIMARY KEY,  -- "C": rows are locked in this order everywhere
  listed  bigint NOT NULL CHECK (listed >= 0),   -- the quantity of the last import
  initial bigint NOT NULL CHECK (initial >= 0),
  held    bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
  sold    bigint NOT NULL DEFAULT 0 CHECK (sold >= 0),
  free    bigint GENERATED ALWAYS AS (initial - held - sold) STORED,
  CONSTRAINT stock_free CHECK (initial - held - sold >= 0)
);

CREATE VIEW inventory.published_stock AS
  SELECT book_id, free FROM inventory.stock;

-- The import's stock rule: a new book inserts its quantity, a changed quantity adds the difference
-- and never takes what is held or sold, an equal one does nothing. Gives the number of rows
-- changed. Meant for the importer's own transaction, so that books and stock are loaded together.
CREATE FUNCTION inventory.import_stock(book_ids text[], quantities bigint[]) RETURNS bigint
LANGUAGE sql AS $$
  WITH changed AS (
    INSERT INTO inventory.stock AS stock (book_id, listed, initial)
    SELECT book_id, quantity, quantity
    FROM unnest(book_ids, quantities) AS import (book_id, quantity)
    ORDER BY book_id COLLATE "C"
    ON CONFLICT (book_id) DO UPDATE SET
      initial = greatest(stock.initial + excluded.listed - stock.listed, stock.held + stock.sold),
      listed = excluded.listed
    WHERE stock.listed <> excluded.listed
    RETURNING 1)
  SELECT count(*) FROM changed
$$;

-- The highest leader's term seen: one row. Every call locks it FOR SHARE, so a term that rises
-- waits for the calls of the old one and none of them commits afterwards.
CREATE TABLE inventory.fence (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  highest  bigint  NOT NULL
);
INSERT INTO inventory.fence (highest) VALUES (0);

-- What each order did here; the ledger: rows are kept, and only move forward.
CREATE TABLE inventory.participant (
  order_id   text   COLLATE "C" PRIMARY KEY,
  state      text   NOT NULL CHECK (state IN ('prepared', 'refused', 'committed', 'aborted')),
  reason     text   NOT NULL DEFAULT '' CHECK ((reason <> '') = (state = 'refused')),
  fence      bigint NOT NULL,
  book_ids   text[] NOT NULL,   -- what is held or was: empty for an order aborted before it came
  quantities bigint[] NOT NULL,
  clock      bytea  NOT NULL,   -- of this order, after our last event
  changed_at timestamptz NOT NULL DEFAULT now(),
  CHECK (cardinality(book_ids) = cardinality(quantities))
);

-- The transition table of src/inventory/participant.h, for whoever writes here.
CREATE FUNCTION inventory.legal_move(from_state text, to_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT from_state = to_state
      OR (from_state = 'prepared' AND to_state IN ('committed', 'aborted'))
$$;

CREATE FUNCTION inventory.guard_participant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NOT inventory.legal_move(OLD.state, NEW.state)
     OR NEW.fence < OLD.fence OR NEW.order_id <> OLD.order_id
     OR NEW.book_ids <> OLD.book_ids OR NEW.quantities <> OLD.quantities THEN
    RAISE EXCEPTION 'participant rows only move forward' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON inventory.participant
  FOR EACH ROW EXECUTE FUNCTION inventory.guard_participant();

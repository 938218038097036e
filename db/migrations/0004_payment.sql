-- The vault and the payments: a participant of the two-phase commit. Owner: src/payment.
CREATE SCHEMA payment;

-- Tells a process with another platform key apart; says nothing about the key.
CREATE TABLE payment.key_check (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  value    text NOT NULL
);

-- One card of one checking of one order; number and expiry are sealed (AES-256-GCM, bound to token
-- and order), the security code is never here. A refused card keeps its refusal and no card.
-- A row may be deleted when its order has ended: nothing refers to it.
CREATE TABLE payment.vault (
  token          text    PRIMARY KEY,
  order_id       text    NOT NULL,
  attempt        integer NOT NULL,
  restart        integer NOT NULL,
  sealed         bytea,
  provider_token text,
  refusal        text,
  brand          text    NOT NULL,
  last4          text    NOT NULL CHECK (octet_length(last4) <= 4),
  clock          bytea   NOT NULL,  -- of this order, after our last event
  created_at     timestamptz NOT NULL DEFAULT now(),
  UNIQUE (order_id, attempt, restart),
  CHECK ((refusal IS NULL) = (sealed IS NOT NULL)),
  CHECK ((refusal IS NULL) = (provider_token IS NOT NULL))
);
CREATE INDEX vault_by_age ON payment.vault (created_at);

-- As inventory.fence: the highest leader's term seen, locked FOR SHARE by every call.
CREATE TABLE payment.fence (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  highest  bigint  NOT NULL
);
INSERT INTO payment.fence (highest) VALUES (0);

-- What each order did here; rows are kept, and only move forward. The states that end in -ing
-- wait for the provider.
CREATE TABLE payment.participant (
  order_id     text   COLLATE "C" PRIMARY KEY,
  state        text   NOT NULL CHECK (state IN (
                 'preparing', 'prepared', 'refused', 'committing', 'committed',
                 'capture_refused', 'aborting', 'aborted')),
  reason       text   NOT NULL DEFAULT '',
  fence        bigint NOT NULL,
  token        text   NOT NULL,   -- of the vault; empty for an order aborted before it came
  currency     text   NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  clock        bytea  NOT NULL,
  changed_at   timestamptz NOT NULL DEFAULT now()
);

-- The moves of src/payment/participant.h, for whoever writes here.
CREATE FUNCTION payment.legal_move(from_state text, to_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT from_state = to_state OR (from_state, to_state) IN (
    ('preparing', 'prepared'), ('preparing', 'refused'), ('preparing', 'aborting'),
    ('prepared', 'committing'), ('prepared', 'aborting'),
    ('committing', 'committed'), ('committing', 'capture_refused'),
    ('capture_refused', 'aborting'), ('aborting', 'aborted'),
    -- A fact that arrived between two calls is taken up by the second, which moves on at once.
    ('preparing', 'committing'), ('committing', 'aborting'))
$$;

CREATE FUNCTION payment.guard_participant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NOT payment.legal_move(OLD.state, NEW.state)
     OR NEW.fence < OLD.fence OR NEW.order_id <> OLD.order_id OR NEW.token <> OLD.token
     OR NEW.currency <> OLD.currency OR NEW.amount_minor <> OLD.amount_minor THEN
    RAISE EXCEPTION 'participant rows only move forward' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON payment.participant
  FOR EACH ROW EXECUTE FUNCTION payment.guard_participant();

-- One row a provider call, committed before the call goes out; the key is what the provider gets.
-- The outcome is a fact: written once, whoever leads by then.
CREATE TABLE payment.ledger (
  key          text   PRIMARY KEY,
  order_id     text   NOT NULL,
  step         text   NOT NULL CHECK (step IN ('authorise', 'capture', 'cancel', 'void')),
  currency     text   NOT NULL,
  amount_minor bigint NOT NULL,
  outcome      text   NOT NULL DEFAULT 'unknown' CHECK (outcome IN (
                 'unknown', 'approved', 'declined', 'closed', 'not_needed')),
  reason       text   NOT NULL DEFAULT '',
  intended_at  timestamptz NOT NULL DEFAULT now(),
  answered_at  timestamptz,
  CHECK (key = order_id || ':' || step)
);
CREATE INDEX ledger_by_order ON payment.ledger (order_id);
-- What nobody has an answer to yet: for reconciliation.
CREATE INDEX ledger_unknown ON payment.ledger (intended_at) WHERE outcome = 'unknown';

CREATE VIEW payment.published_payments AS
  SELECT order_id, state, reason, currency, amount_minor, changed_at FROM payment.participant;

-- The sandbox provider stands for a company of its own: own schema, own connections and
-- transactions; it knows keys and tokens, never our orders, and no card number.
CREATE SCHEMA sandbox;

CREATE TABLE sandbox.operation (
  sequence      bigint  GENERATED ALWAYS AS IDENTITY,
  key           text    PRIMARY KEY,
  kind          text    NOT NULL CHECK (kind IN ('authorise', 'capture', 'void')),
  authorisation text    NOT NULL,  -- the key of the authorise that it belongs to
  currency      text    NOT NULL,
  amount_minor  bigint  NOT NULL,
  outcome       text    NOT NULL CHECK (outcome IN ('approved', 'declined', 'closed')),
  reason        text    NOT NULL DEFAULT '',
  closed        boolean NOT NULL DEFAULT false,  -- canceled by key: refuses every later call
  created_at    timestamptz NOT NULL DEFAULT now()
);
-- An authorisation ends once: captured or voided.
CREATE UNIQUE INDEX operation_ends_once ON sandbox.operation (authorisation)
  WHERE kind IN ('capture', 'void') AND outcome = 'approved';

CREATE VIEW sandbox.published_ledger AS
  SELECT sequence, key, kind, authorisation, currency, amount_minor, outcome, reason, closed,
         created_at
  FROM sandbox.operation;

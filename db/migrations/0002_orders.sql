-- Orders, their idempotency keys and their clocks. Owner: src/orders. The orchestrators write
-- until `submitting`; from `accepted` on the executor's projection does.
CREATE SCHEMA orders;

CREATE TABLE orders.orders (
  order_id        text    PRIMARY KEY CHECK (order_id ~ '^ord_[0-9A-Z]{26}$'),
  state           text    NOT NULL CHECK (state IN (
                    'received', 'rejected', 'in_review', 'submitting', 'accepted', 'executing',
                    'completed', 'failed', 'needs_attention', 'canceled')),
  reason          text,              -- of a rejection, failure or parking; a stable code
  revision        bigint  NOT NULL,  -- of what a client sees: the ETag; received is 1
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),

  -- Who works on it. Every compare names state and attempt.
  attempt         integer NOT NULL CHECK (attempt >= 1),
  lease_until     timestamptz NOT NULL,
  checked_attempt integer,           -- the attempt whose checks made the outcome
  instances       text[]  NOT NULL DEFAULT '{}',  -- of the checkers: 'verification=host:port'
  was_in_review   boolean NOT NULL DEFAULT false,

  -- The key it was claimed with (idempotency_key may be gone) and what a repeat must match.
  key_scope       bytea   NOT NULL CHECK (octet_length(key_scope) = 32),
  key_hash        bytea   NOT NULL CHECK (octet_length(key_hash) = 32),
  fingerprint     bytea   NOT NULL CHECK (octet_length(fingerprint) = 32),

  -- What was ordered, by whom, at which price: fixed by the claim.
  customer_name   text    NOT NULL,
  customer_email  text    NOT NULL,
  customer_key    bytea   NOT NULL,  -- HMAC of the e-mail: one shopper, without the address
  billing_address text[]  NOT NULL CHECK (cardinality(billing_address) = 6),
                                     -- line1, line2, city, region, postal_code, country
  shipping_class  text    NOT NULL CHECK (shipping_class IN ('express', 'standard', 'economy')),
  currency        text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  total_minor     bigint  NOT NULL CHECK (total_minor > 0),

  -- The outcome, written once and before anybody hears of it.
  card_token      text,
  card_brand      text,
  card_last4      text    CHECK (card_last4 ~ '^[0-9]{4}$'),
  fraud_verdict   text    CHECK (fraud_verdict IN ('approve', 'review', 'reject')),
  fraud_score     double precision,
  fraud_reasons   text[]  NOT NULL DEFAULT '{}',
  policies        text[]  NOT NULL DEFAULT '{}',  -- applied because something was down
  degraded        text[]  NOT NULL DEFAULT '{}',
  suggestions     json    NOT NULL DEFAULT '[]',  -- as the answer showed them
  answer_status   integer,
  answer_body     bytea,             -- the exact bytes, replayed for ever
  submit_bytes    bytea,             -- the exact request to the executor
  accept_before   timestamptz,       -- past it the executor refuses the Submit
  clock           bytea   NOT NULL DEFAULT ''::bytea,

  -- The executor's log index that made the state; 0 before the first.
  executor_index  bigint  NOT NULL DEFAULT 0,

  -- Clean-up of the checkers' state.
  cleanup_lease_until timestamptz,
  final_clock     bytea,
  cleaned_at      timestamptz,

  CHECK (state <> 'submitting' OR (submit_bytes IS NOT NULL AND accept_before IS NOT NULL)),
  CHECK (state IN ('received', 'rejected') OR answer_body IS NOT NULL)
);

-- For the workers that take over: few rows are ever in these states.
CREATE INDEX orders_leased ON orders.orders (lease_until)
  WHERE state IN ('received', 'submitting');
CREATE INDEX orders_unfinished ON orders.orders (order_id)
  WHERE state IN ('submitting', 'accepted', 'executing', 'needs_attention');

CREATE TABLE orders.order_line (
  order_id         text    NOT NULL REFERENCES orders.orders,
  position         integer NOT NULL,
  book_id          text    NOT NULL,
  title            text    NOT NULL,
  quantity         integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  unit_price_minor bigint  NOT NULL CHECK (unit_price_minor > 0),
  PRIMARY KEY (order_id, position),
  UNIQUE (order_id, book_id)
);

-- A key is claimed in the transaction that inserts its order, and removed only by the transaction
-- that rejects that order for a reason that is no verdict, or when it has expired at rest.
CREATE TABLE orders.idempotency_key (
  key_scope  bytea NOT NULL,  -- HMAC of route and customer
  key_hash   bytea NOT NULL,  -- HMAC of the client's Idempotency-Key
  order_id   text  NOT NULL UNIQUE REFERENCES orders.orders,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
  PRIMARY KEY (key_scope, key_hash)
);
CREATE INDEX idempotency_key_by_expiry ON orders.idempotency_key (expires_at);

-- The history of one order at one host, for its timeline.
CREATE TABLE orders.event (
  order_id text    NOT NULL REFERENCES orders.orders,
  attempt  integer NOT NULL,
  host     text    NOT NULL,
  events   bytea   NOT NULL,
  PRIMARY KEY (order_id, attempt, host)
);

-- For payment's vault: a row there dies with its order.
CREATE VIEW orders.published_order_states AS
  SELECT order_id, state, updated_at FROM orders.orders;

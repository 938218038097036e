-- The books of the shop and their prices. Owner: src/catalogue. Written by the importer alone.
CREATE SCHEMA catalogue;

-- Grows with every change of any book: "what changed since" is one index scan.
CREATE SEQUENCE catalogue.book_revision;

CREATE TABLE catalogue.book (
  book_id       text     PRIMARY KEY CHECK (book_id ~ '^[A-Za-z0-9_.-]{1,64}$'),
  isbn13        text     CHECK (isbn13 ~ '^97[89][0-9]{10}$'),
  title         text     NOT NULL CHECK (title <> ''),
  authors       text[]   NOT NULL CHECK (cardinality(authors) > 0),
  year          integer  NOT NULL,  -- of the first publication; negative before our era
  language      text     NOT NULL CHECK (language <> ''),
  subjects      text[]   NOT NULL,
  description   text     NOT NULL,
  price_minor   bigint   NOT NULL CHECK (price_minor > 0),
  currency      text     NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  -- The CSV's column: where the stock started. What is there now is inventory's to say.
  initial_stock bigint   NOT NULL CHECK (initial_stock >= 0),
  revision      bigint   NOT NULL,
  updated_at    timestamptz NOT NULL DEFAULT now()
);

-- Pages by title. "C": the order must not change with a new collation library.
CREATE UNIQUE INDEX book_by_title ON catalogue.book ((title COLLATE "C"), (book_id COLLATE "C"));
CREATE INDEX book_by_revision ON catalogue.book (revision);

-- For suggestions (vectors of what is new) and inventory (the stock rule).
CREATE VIEW catalogue.published_books AS
  SELECT book_id, isbn13, title, authors, year, language, subjects, description,
         price_minor, currency, initial_stock, revision
  FROM catalogue.book;

-- The importer sends NOTIFY catalogue_changed with the highest revision in the transaction that
-- changed a book, so that a listener never hears of rows it cannot see yet.

-- What the books mean, as vectors. Owner: src/suggestions; its indexer alone writes here, from
-- catalogue.published_books, and everything can be made again.
CREATE EXTENSION IF NOT EXISTS vector;

CREATE SCHEMA suggestions;

-- No index on the vectors: for a small shop an exact scan is exact and fast enough (about 1 ms per
-- book of the cart at 340 books, 100 ms at 20,000). A larger one needs an index.
CREATE TABLE suggestions.book_embedding (
  book_id        text        PRIMARY KEY,
  model_revision text        NOT NULL,  -- vectors of two revisions are not comparable
  book_revision  bigint      NOT NULL,  -- of the catalogue, when the text was read
  text_hash      text        NOT NULL CHECK (text_hash ~ '^[0-9a-f]{16}$'),
  embedding      vector(384) NOT NULL,  -- of length 1: the inner product is the cosine
  embedded_at    timestamptz NOT NULL DEFAULT now()
);

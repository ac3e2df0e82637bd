-- What is known, as it was read: pages and, where there is an embedder, a vector for each chunk. A view of files and of the
-- ledger: `index --rebuild` makes it again. Replicas keep it in memory and follow it by the revision.
create table knowledge_pages (
  collection text not null check (collection in ('runbooks', 'decisions', 'documentation')),
  id text not null,
  source text not null,
  hash text not null,
  title text not null,
  file text not null,
  headings text[] not null,
  prose text not null,
  -- Array of {heading, text}, in order.
  chunks jsonb not null,
  -- 768 little-endian 32-bit floats for each chunk, one after another; empty without an embedder.
  vectors bytea not null default '',
  facts jsonb not null default '{}',
  revision bigint not null,
  indexed_at timestamptz not null default watch_now(),
  primary key (collection, id)
);

-- One for a collection, raised with every change of it; its row is the lock under which changes are numbered.
create table knowledge_revisions (
  collection text primary key,
  revision bigint not null
);
insert into knowledge_revisions values ('runbooks', 0), ('decisions', 0), ('documentation', 0);

-- What people must see, until the messenger has it. One unsent row for a subject: a newer state replaces an older one.
-- A card has no payload: it is drawn from the incident when it is sent, so what is shown is never older than the records.
create table outbox (
  id bigint generated always as identity primary key,
  channel text not null,
  incident_id bigint references incidents (id),
  -- card (sent once, then edited), ping (a short loud line beside a card), notice (a line without an incident)
  kind text not null check (kind in ('card', 'ping', 'notice')),
  subject text not null,
  text text,
  loud boolean not null default false,
  -- Which forum topic a notice belongs in; a card's is read off its incident.
  topic text,
  created_at timestamptz not null default watch_now(),
  attempts integer not null default 0,
  not_before timestamptz not null default '-infinity',
  -- Set before a send whose fate may stay unknown, cleared by its answer.
  sending_since timestamptz,
  sent_at timestamptz,
  error text
);
create unique index outbox_unsent on outbox (channel, subject) where sent_at is null;
create index outbox_due on outbox (channel, not_before) where sent_at is null;

-- Where a card stands in a chat. message_id is null while its answer was lost: a press may still bind it.
create table messages (
  channel text not null,
  incident_id bigint not null references incidents (id),
  kind text not null default 'card',
  chat_id bigint not null,
  thread_id bigint,
  message_id bigint,
  body_hash text,
  -- The plan's digest on the keyboard it carries, so that `shown` is on record for what people decide on.
  shown_digest text,
  sent_at timestamptz not null default watch_now(),
  primary key (channel, incident_id, kind)
);

create table topics (
  chat_id bigint not null,
  name text not null,
  thread_id bigint not null,
  created_at timestamptz not null default watch_now(),
  primary key (chat_id, name)
);

-- Telegram delivers at least once: an update is taken by the insert that wins.
create table updates (
  update_id bigint primary key,
  answer text,
  taken_at timestamptz not null default watch_now()
);

-- Presses and messages that were turned away, for the record and for the lockout.
create table refusals (
  id bigint generated always as identity primary key,
  actor text not null,
  what text not null,
  because text not null,
  at timestamptz not null default watch_now()
);
create index refusals_by_actor on refusals (actor, at);

create table console_logins (
  token_hash bytea primary key,
  person text not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create table console_sessions (
  token_hash bytea primary key,
  person text not null,
  csrf text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default watch_now()
);

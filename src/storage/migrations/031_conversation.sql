-- Where an answer stands in the chat, and when it was said: one that has ended and was not said yet is said after a restart.
alter table investigations add column said_message bigint, add column told_at timestamptz;
create index investigations_untold on investigations (created_at)
  where answer_to is not null and told_at is null and status <> 'withdrawn';
create index investigations_by_person on investigations (asked_by, created_at) where asked_by <> 'agent';

-- A person wants a plan otherwise: the message that asks for the words, and whose reply they are.
create table edits_wanted (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incidents (id),
  plan_id uuid not null references plans (id),
  person text not null,
  chat_id bigint not null,
  thread_id bigint,
  -- The card it was asked for on.
  card_message bigint,
  -- The message that asks; null until the messenger has it.
  message_id bigint,
  created_at timestamptz not null default watch_now(),
  asked_at timestamptz,
  unique (plan_id, person)
);
create index edits_wanted_unasked on edits_wanted (id) where asked_at is null;

-- A plan that a person has edited is a plan of its own; one of single actions belongs to no runbook.
alter table plans drop constraint plans_purpose_check,
  add check (purpose in ('fix', 'undo', 'rest', 'edited', 'adhoc'));

-- Which models may be asked is set by people, and kept like the policy.
alter table ledger drop constraint ledger_kind_check,
  add check (kind in ('shown', 'decided', 'ran', 'outcome', 'level_changed', 'refused', 'policy_changed', 'mode_changed'));

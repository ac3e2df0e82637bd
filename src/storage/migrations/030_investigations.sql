-- What is looked into, by whom it was asked for and what came of it. A row is worked on by one replica at a time; one whose
-- replica died is taken up anew. Reports are never changed once they have ended.
create table investigations (
  id uuid primary key default gen_random_uuid(),
  -- incident: what is the matter, and what could be done · question: somebody asked · named: by its name, on clusters.
  kind text not null check (kind in ('incident', 'question', 'named')),
  -- Null for what belongs to no incident.
  incident_id bigint references incidents (id),
  round integer,
  -- `agent`, or a person's name.
  asked_by text not null,
  -- What is asked: InvestigationRequest.
  request jsonb not null,
  -- Where in the chat the answer goes; null where it belongs on the card alone.
  answer_to jsonb,
  status text not null default 'waiting' check (status in ('waiting', 'running', 'done', 'withdrawn')),
  -- How often it was begun.
  attempts integer not null default 0,
  -- What is being done just now, for people who wait.
  progress text,
  -- The report, and the record from which it can be run again without any network.
  report jsonb,
  recording jsonb,
  created_at timestamptz not null default watch_now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index investigations_by_incident on investigations (incident_id, created_at);
create index investigations_waiting on investigations (created_at) where status in ('waiting', 'running');
-- The agent looks into a round once by itself; people may ask as often as they like.
create unique index investigations_by_agent on investigations (incident_id, round) where kind = 'incident' and asked_by = 'agent';

-- Which models may be asked for this incident; null: as for all.
alter table incidents add column model_mode text
  check (model_mode in ('local_first', 'local_only', 'cloud_first', 'cloud_only', 'off'));

-- The incidents that a counted summary tells of: none of them is in another one while this one waits, or was said.
alter table outbox add column tells bigint[];
create index outbox_tells on outbox (channel) where tells is not null;

-- Claims (`attempts`) say nothing about why a message is not there yet. These bound it: sends that nobody answered, so that
-- it may be there all the same, and answers that it will not do as it is.
alter table outbox add column unanswered integer not null default 0;
alter table outbox add column refusals integer not null default 0;

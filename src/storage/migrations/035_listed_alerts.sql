-- Whether a poll has found this alert at Alertmanager. One that was never found there may be another Alertmanager's, and
-- that it is not found there now says nothing.
alter table alerts add column listed boolean not null default false;
-- Until now every alert was taken for the polled one's; what was found absent of these shall still end.
update alerts set listed = true where status = 'firing';

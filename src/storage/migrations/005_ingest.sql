-- Which of Alertmanager's receivers an alert came by. A poll of one receiver says nothing about the alerts of another.
alter table alerts add column receiver text not null default '';

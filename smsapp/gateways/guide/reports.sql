-- The durable store of pending reports: sqlite3 /var/lib/smsapp-kannel/reports.db < reports.sql
CREATE TABLE dlr (
    smsc varchar(40), ts varchar(40), destination varchar(40), source varchar(40), service varchar(40),
    url varchar(255), mask int(10), status int(10), boxc varchar(40)
);
CREATE INDEX dlr_of ON dlr (smsc, ts);

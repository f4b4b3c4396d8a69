// An SMS centre for tests: SMPP 3.4 by the npm package `smpp`, and an HTTP port to tell it how to behave.
//
//   node smsc.cjs <path of the package> <smpp port> <control port> [<key> <certificate>]
//
// Numbers that end in 000, 999, 888 are reported as UNDELIV, EXPIRED, REJECTD. Control (GET):
//   /set?delay=&mute=&tps=&full=&hex=&text_hex=&no_tlv=&drop_after=&overtake=   behaviour, see `cfg`
//   /forget                   as if nothing had come in
//   /drop[?role=]             reset every connection, or those of a role
//   /lose?transmitter=&receiver=   refuse to bind so
//   /reply?from=&to=&text=[&parts=1]
//   /stats, /got              what came in
"use strict";
const smpp = require(process.argv[2]);
const fs = require("fs");
const http = require("http");

const cfg = { delay: 10, mute: 0, tps: 0, full: 0, hex: 0, text_hex: 0, no_tlv: 0, drop_after: 0, overtake: 0, password: "secret" };
const stats = { submitted: 0, throttled: 0, reports: 0, acked: 0, enquired: 0, binds: 0 };
const lost = { transmitter: 0, receiver: 0 }; // roles that are refused at the moment
const sessions = new Set();
let got = [];
let serial = 1000000;
let recent = [];
let epoch = 0; // reports of messages from before the last /forget are not sent

const FATES = {
  "000": ["UNDELIV", "001", 5],
  999: ["EXPIRED", "01b", 3],
  888: ["REJECTD", "099", 8],
};

function receiver() {
  for (const session of sessions) if (session.bound && session.bound !== "transmitter") return session;
  return null;
}

function tell(pdu, since = epoch) {
  if (since !== epoch) return;
  const session = receiver();
  if (!session) {
    setTimeout(() => tell(pdu, since), 100);
    return;
  }
  const unheard = () => tell(pdu, since); // told again over the next connection
  session.once("close", unheard);
  session.deliver_sm(pdu, (answer) => {
    session.removeListener("close", unheard);
    if (answer.command_status === 0) stats.acked++;
  });
}

function report(submitted, id, since) {
  if (since !== epoch) return;
  const to = submitted.destination_addr;
  const [stat, err, state] = FATES[to.slice(-3)] || ["DELIVRD", "000", 2];
  const written = cfg.text_hex ? Number(id).toString(16) : id;
  const text =
    `id:${written} sub:001 dlvrd:${state === 2 ? "001" : "000"} submit date:2606171000 done date:2606171001 ` +
    `stat:${stat} err:${err} text:`;
  const pdu = { source_addr: to, destination_addr: submitted.source_addr, esm_class: 4, short_message: text };
  if (!cfg.no_tlv) Object.assign(pdu, { receipted_message_id: id, message_state: state });
  stats.reports++;
  tell(pdu);
}

function submit(session, pdu) {
  if (cfg.mute) return;
  if (!session.bound || session.bound === "receiver") {
    session.send(pdu.response({ command_status: smpp.ESME_RINVBNDSTS }));
    return;
  }
  const now = Date.now();
  recent = recent.filter((at) => at > now - 1000);
  if (cfg.tps && recent.length >= cfg.tps) {
    stats.throttled++;
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  recent.push(now);
  if (cfg.full) {
    session.send(pdu.response({ command_status: smpp.ESME_RMSGQFUL }));
    return;
  }
  if (!/^\d{7,15}$/.test(pdu.destination_addr)) {
    session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    return;
  }
  const id = cfg.hex ? (++serial).toString(16) : String(++serial);
  stats.submitted++;
  const short = pdu.short_message || {};
  got.push({
    id,
    to: pdu.destination_addr,
    from: pdu.source_addr,
    ton: pdu.source_addr_ton,
    coding: pdu.data_coding,
    esm: pdu.esm_class,
    receipt: pdu.registered_delivery,
    hours: pdu.validity_period && Math.round((pdu.validity_period - Date.now()) / 3600000),
    udh: short.udh ? Buffer.from([].concat(short.udh)[0]).toString("hex") : null,
    text: short.message || "",
    payload: pdu.message_payload ? pdu.message_payload.message : null,
  });
  if (cfg.drop_after && stats.submitted === cfg.drop_after) {
    cfg.drop_after = 0;
    session.socket.destroy();
    if (pdu.registered_delivery & 1) setTimeout(report, 300, pdu, id, epoch);
    return;
  }
  const answer = () => session.send(pdu.response({ message_id: id }));
  if (cfg.overtake) {
    report(pdu, id, epoch);
    setTimeout(answer, 50);
    return;
  }
  answer();
  if (pdu.registered_delivery & 1) setTimeout(report, cfg.delay, pdu, id, epoch);
}

const [key, cert] = process.argv.slice(5).map((path) => fs.readFileSync(path));
const server = smpp.createServer(key ? { key, cert } : {}, (session) => {
  session.setMaxListeners(0);
  sessions.add(session);
  session.on("error", () => {});
  session.on("close", () => sessions.delete(session));
  const bind = (role) => (pdu) => {
    if (lost[role]) {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      session.close();
      return;
    }
    if (pdu.password !== cfg.password) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
      session.close();
      return;
    }
    session.bound = role;
    stats.binds++;
    session.send(pdu.response({ system_id: "SMSC" }));
  };
  for (const role of ["transceiver", "transmitter", "receiver"]) session.on(`bind_${role}`, bind(role));
  session.on("enquire_link", (pdu) => {
    stats.enquired++;
    if (!cfg.mute) session.send(pdu.response());
  });
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("submit_sm", (pdu) => submit(session, pdu));
});

function reply(query) {
  const pdu = { source_addr: query.get("from"), source_addr_ton: 1, destination_addr: query.get("to") };
  const text = query.get("text");
  if (!query.get("parts")) {
    tell({ ...pdu, data_coding: 0, short_message: text });
    return;
  }
  const whole = Buffer.from(text, "utf16le").swap16();
  const half = Math.ceil(whole.length / 4) * 2;
  [whole.subarray(half), whole.subarray(0, half)].forEach((message, index) => {
    const udh = Buffer.from([5, 0, 3, 77, 2, 2 - index]);
    tell({ ...pdu, esm_class: 0x40, data_coding: 8, short_message: { udh, message } });
  });
}

const control = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  let answer = {};
  if (url.pathname === "/set") for (const [name, value] of url.searchParams) cfg[name] = isNaN(value) ? value : +value;
  else if (url.pathname === "/forget") {
    epoch++;
    got = [];
  } else if (url.pathname === "/drop") {
    const role = url.searchParams.get("role"); // all of them without
    sessions.forEach((session) => (!role || session.bound === role) && session.socket.destroy());
  } else if (url.pathname === "/lose") for (const [role, on] of url.searchParams) lost[role] = +on;
  else if (url.pathname === "/reply") reply(url.searchParams);
  else if (url.pathname === "/got") {
    answer = got;
    got = [];
  } else {
    const roles = [...sessions].map((session) => session.bound).filter(Boolean);
    answer = { ...stats, sessions: roles.length, roles };
  }
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answer));
});

server.listen(+process.argv[3], "127.0.0.1", () => control.listen(+process.argv[4], "127.0.0.1"));

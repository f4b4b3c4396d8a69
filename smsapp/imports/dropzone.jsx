// Takes a file and sends it to a route of ours, with its progress; then goes on to the page that shows it. The way of the file is
// plain HTTP, so a lost websocket loses nothing. A file that is too large is refused before a byte of it travels.
import { FileUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useI18n } from "$/public/external/smsapp/i18n/variables/runtime.js";

const KEPT = "smsapp.pasted"; // lines being pasted, for this tab and this session only, until they are imported

export function Dropzone({ action, limit, next, label, hint, choose, sending, token, paste, example, pasted, take }) {
  const i18n = useI18n();
  const navigate = useNavigate();
  const input = useRef(null);
  const [drag, setDrag] = useState(false);
  const [sent, setSent] = useState(null); // { name, share } while a file travels
  const [text, setText] = useState("");
  const [pasting, setPasting] = useState(false);
  const of = token.slice(0, 12); // tells one session from another, and takes no file
  const [refusal, setRefusal] = useState(null); // { key, params }

  useEffect(() => {
    if (!of) return;
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT) || "{}");
      if (kept.of === of) { setText((now) => now || kept.text); setPasting(true); }
      else sessionStorage.removeItem(KEPT);
    } catch { /* a browser without storage keeps nothing */ }
  }, [of]);

  const type = (lines) => {
    setText(lines);
    try { sessionStorage.setItem(KEPT, JSON.stringify({ of, text: lines })); } catch { /* too long, or no storage */ }
  };

  const refuse = (key, params = {}) => { setSent(null); setRefusal({ key, params }); };

  const send = (file) => {
    if (!file || sent) return;
    setRefusal(null);
    if (file.size > limit) return refuse("imports.bad.too_big", { limit: Math.round(limit / 1048576) });
    if (file.size === 0) return refuse("imports.bad.empty");
    const request = new XMLHttpRequest();
    request.open("POST", action);
    request.setRequestHeader("x-file-name", encodeURIComponent(file.name));
    request.setRequestHeader("x-upload-token", token);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => setSent({ name: file.name, share: event.loaded / (event.total || file.size) });
    request.onerror = request.onabort = () => refuse("imports.connection_lost");
    request.onload = () => {
      if (request.status === 200) { setSent(null); navigate(next + request.response.id); }
      else if (request.response?.key) refuse(request.response.key, request.response.params);
      else refuse("imports.connection_lost");
    };
    setSent({ name: file.name, share: 0 });
    request.send(file);
  };

  const sendPasted = () => send(new File([text], pasted, { type: "text/plain" }));
  const over = (on) => (event) => { event.preventDefault(); setDrag(on); };
  return (
    <div className="drop" data-drag={drag} onDragOver={over(true)} onDragEnter={over(true)} onDragLeave={over(false)}
      onDrop={(event) => { over(false)(event); send(event.dataTransfer.files[0]); }}>
      <span className="pic"><FileUp className="lucide" aria-hidden="true" /></span>
      <p className="b6">{label}</p>
      <p className="t2 mut">{hint}</p>
      <input ref={input} type="file" className="sr-only" tabIndex={-1} aria-label={choose} accept=".csv,.txt,.tsv,.xls,.xlsx,.xlsm,.ods"
        onChange={(event) => { send(event.target.files[0]); event.target.value = ""; }} />
      <button type="button" className="drop-choose" disabled={Boolean(sent)} onClick={() => input.current.click()}>{choose}</button>
      <details className="drop-paste" open={pasting} onToggle={(event) => setPasting(event.currentTarget.open)}>
        <summary>{paste}</summary>
        <textarea className="inp" rows={5} value={text} aria-label={paste} placeholder={example} spellCheck={false} onChange={(event) => type(event.target.value)} />
        <button type="button" className="drop-choose soft" disabled={Boolean(sent) || !text.trim()} onClick={sendPasted}>{take}</button>
      </details>
      {sent && <div className="drop-sent">
        <span className="t2" role="status">{sending.replace("\u0001", sent.name)}</span>
        <progress className="bar" max="1" value={sent.share} aria-label={sending.replace("\u0001", sent.name)} />
      </div>}
      {refusal && <p className="drop-no" role="alert">{i18n.say(refusal)}</p>}
    </div>
  );
}

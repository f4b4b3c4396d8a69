// Recipients: type or paste any list of numbers. The server parses, deduplicates and keeps them; the browser only ever
// holds the first chips and the totals, so 5,000 numbers cost one event up and one small answer down.
//
// Nothing typed is lost: what was added stays as a pale chip until the server has said its number back (`heard`), and is
// said again to a server that has come back from a fall (`version` goes from 0, which knows nothing yet, to the draft's).
import { useEffect, useRef, useState } from "react";
import { CircleAlert, User, Users, X } from "lucide-react";

const MANY = /[\n\t,;]|\d[\s]+\+?\d{8}/; // an unfinished "06 12" must not be cut: typing commits on Enter, comma or semicolon

const SIGN = { group: <Users className="lucide" />, contact: <User className="lucide" /> };

export function Recipients({ chips, total, label, placeholder, remove, more, heard, version, onAdd, onRemove, onMore, ref, custom, ...props }) {
  const [text, setText] = useState("");
  const [pending, setPending] = useState([]);
  const last = useRef(0);
  const box = useRef(null);
  const input = useRef(null);

  useEffect(() => setPending((all) => all.filter((one) => one.turn > heard)), [heard]);
  useEffect(() => { if (version) pending.forEach((one) => onAdd?.(one.raw, one.turn)); }, [!version]);

  function add(raw) {
    setText("");
    if (!raw.trim()) return;
    const turn = (last.current = Math.max(last.current + 1, Date.now()));
    setPending((all) => [...all, { raw, turn }]);
    if (version) onAdd?.(raw, turn);
  }
  function paste(e) {
    const raw = e.clipboardData.getData("text");
    if (raw.length < 20 && !MANY.test(raw.trim())) return; // one number: leave it to the field
    e.preventDefault();
    add(`${text} ${raw}`);
  }
  function typed(e) {
    if (e.nativeEvent.isComposing) return;
    if (e.key === "Enter" || e.key === "," || e.key === ";") { e.preventDefault(); add(text); }
    else if ((e.key === "Backspace" || e.key === "ArrowLeft") && e.target.selectionEnd === 0) focusChip(-1);
  }
  // Chips are one tab stop: arrows move, Delete or Backspace removes.
  const buttons = () => [...box.current.querySelectorAll("[data-chip]")];
  function focusChip(i) { buttons().at(i)?.focus(); }
  function chipKey(e, i, chip) {
    const all = buttons();
    if (e.key === "ArrowLeft") all[Math.max(0, i - 1)].focus();
    else if (e.key === "ArrowRight") (all[i + 1] ?? input.current).focus();
    else if (e.key === "Delete" || e.key === "Backspace") { e.preventDefault(); take(chip, i); }
  }
  function take(chip, i) {
    const all = buttons();
    (all[i + 1] ?? all[i - 1] ?? input.current).focus();
    onRemove?.(chip.id);
  }
  const attach = (element) => { input.current = element; if (ref) ref.current = element; };
  return (
    <div ref={box} className="box" role="group" aria-label={label} onClick={(e) => e.target === box.current && input.current.focus()}>
      {(chips ?? []).map((chip, i) => (
        <button key={chip.id} type="button" data-chip tabIndex={i === chips.length - 1 ? 0 : -1} className={chip.bad ? "chip bad" : "chip"}
          aria-label={`${chip.label}${chip.count ? ` ${chip.count}` : ""}, ${remove}`} onClick={() => take(chip, i)} onKeyDown={(e) => chipKey(e, i, chip)}>
          {chip.bad ? <CircleAlert className="lucide" /> : SIGN[chip.kind]}<span className="el">{chip.label}</span>{chip.count ? <span className="n">{chip.count}</span> : null}
          <span className="x i12" aria-hidden="true"><X className="lucide" /></span>
        </button>
      ))}
      {pending.map((one) => <span key={one.turn} className="chip plain pending"><span className="el">{one.raw.trim().slice(0, 40)}</span></span>)}
      {more && total > (chips ?? []).length && (onMore ? <button type="button" className="chip plain" onClick={() => onMore()}>{more}</button> : <span className="chip plain">{more}</span>)}
      <input {...props} ref={attach} value={text} placeholder={placeholder} aria-label={label} autoComplete="off"
        onChange={(e) => setText(e.target.value)} onPaste={paste} onKeyDown={typed} onBlur={() => add(text)} />
    </div>
  );
}

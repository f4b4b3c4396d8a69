// A date typed as jj/mm/aaaa hh:mm, with the browser's own calendar behind a button.
//
// The field owns what is typed: it is told at once when it reads like a whole date, else on leaving the field or Enter.
//
// Nothing typed is lost: what the server has not answered stays in `kept` under what it is the date of (`of`, 0 for a server
// that has just come back from a fall and knows nothing), also while the field is not drawn, and is told again.
import { useEffect, useRef, useState } from "react";
import { CalendarDays } from "lucide-react";

const WHOLE = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s+(\d{1,2})\s*[:hH]\s*(\d{2})\s*$/;

const typed = (iso) => {
  const [, year, month, day, clock] = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2})/.exec(iso) ?? [];
  return year ? `${day}/${month}/${year} ${clock}` : "";
};
const iso = (text) => {
  const found = WHOLE.exec(text);
  if (!found) return "";
  const [day, month, year, hour, minute] = found.slice(1).map((part) => part.padStart(2, "0"));
  return `${year}-${month}-${day}T${hour}:${minute}`;
};

const kept = new Map(); // by id of the field: { of, text }

export function DateField({ value, of, placeholder, open, invalid, describedby, onValue, ref, id }) {
  const [text, setText] = useState(value ?? "");
  const told = useRef(value ?? "");
  const shown = useRef(0); // what it is the date of, once the server has said it
  const calendar = useRef(null);

  useEffect(() => {
    const fresh = shown.current !== of;
    const mine = kept.get(id);
    shown.current = of;
    if (!of) return;
    if (fresh && mine?.of === of && mine.text !== value) {
      setText(mine.text);
      told.current = mine.text;
      onValue?.(mine.text);
    } else if (fresh || (text === told.current && value !== text)) { // what was typed since will be told in its turn
      told.current = value ?? "";
      setText(value ?? "");
      kept.delete(id);
    } else if (mine?.text === value) kept.delete(id);
  }, [value, of]);

  function tell(next) {
    if (next === told.current) return;
    told.current = next;
    onValue?.(next);
  }
  function type(next) {
    setText(next);
    kept.set(id, { of, text: next });
    if (WHOLE.test(next)) tell(next);
  }
  function choose() {
    calendar.current.value = iso(text);
    calendar.current.showPicker?.();
  }
  return (
    <div className="datefield">
      <input
        id={id} ref={ref} className="inp num" value={text} placeholder={placeholder} autoComplete="off" inputMode="text"
        aria-invalid={invalid ? "true" : "false"} aria-describedby={describedby}
        onChange={(e) => type(e.target.value)} onBlur={() => tell(text)}
        onKeyDown={(e) => { if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) tell(text); }}
      />
      <button type="button" className="ib" aria-label={open} title={open} onClick={choose}><CalendarDays size={16} strokeWidth={1.75} aria-hidden="true" /></button>
      <input ref={calendar} type="datetime-local" className="calendar" tabIndex={-1} aria-hidden="true" onChange={(e) => { const next = typed(e.target.value); if (next) type(next); }} />
    </div>
  );
}

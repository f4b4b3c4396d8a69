// SMS text area: letters outside GSM-7 and letters that count double are marked, $variables are tinted, figures are live.
// The native <textarea> keeps caret, IME, undo, paste and mobile keyboards; rich-textarea only paints behind it.
//
// Sync rule: the browser owns the text while somebody types. The server is told 250 ms after the last key (and on blur) and
// its echo is ignored. The server replaces the text only by raising `version` (a template was chosen, a draft was loaded).
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { RichTextarea } from "rich-textarea";

// The alphabet comes as a prop, from the one file that the server counts with.
const tables = (json) => {
  const { basic, extended, replacements } = JSON.parse(json);
  return { basic: new Set(basic), extended: new Set(extended), replacements };
};

// ---- segments: same table and same rule as the server's (domain/encoding.py), which stays the one that bills ----
export function measure(text, { basic, extended }) {
  const letters = [...text];
  const gsm = letters.every((c) => basic.has(c) || extended.has(c));
  const [single, part] = gsm ? [160, 153] : [70, 67];
  const sizes = letters.map((c) => (gsm ? (extended.has(c) ? 2 : 1) : c.length));
  const units = sizes.reduce((sum, n) => sum + n, 0);
  const fills = [0];
  if (units <= single) fills[0] = units;
  else {
    for (const n of sizes) {
      if (fills.at(-1) + n > part) fills.push(0); // a letter of two units never lies in two segments
      fills[fills.length - 1] += n;
    }
  }
  return { characters: letters.length, units, encoding: gsm ? "GSM-7" : "UCS-2", segments: fills.length, fills, capacity: units > single ? part : single };
}

// The letters that the author wrote and that cost; those of a recipient's name are not the author's to replace.
function costly(text, { basic, extended, replacements }) {
  const marks = new Map();
  for (const c of text) if (!basic.has(c)) marks.set(c, (marks.get(c) ?? 0) + 1);
  return [...marks].map(([char, count]) => ({
    char, count, effect: extended.has(char) ? "double" : "unicode", replacement: replacements[char]?.to ?? "", known: char in replacements,
    key: `text.char.${replacements[char]?.name ?? "letter"}`,
  })).sort((a, b) => (a.effect === "double") - (b.effect === "double"));
}

// ---- variables, as domain/template.py reads them: the longest token wins, $prenom|client| has a fallback, $$ is one $ ----
const TOKEN = /\$(?:(\$)|(\p{L}[\p{L}\p{N}_\u0300-\u036f]*)(?:\|([^|$\n]*)\|)?)/gu;
const bare = (name) => name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
// `values` null: nobody receives it yet, the variables stay as typed.
function rendered(text, values) {
  if (!values) return text;
  return text.replace(TOKEN, (token, dollar, name, fallback) =>
    dollar ? "$" : Object.hasOwn(values, bare(name)) ? values[bare(name)] || fallback || "" : token);
}
const STANDARD = ["nom", "prenom", "email", "societe"];
const written = (text, known) => text.replace(TOKEN, (token, dollar, name, fallback) => (dollar ? "$" : known.has(bare(name)) ? fallback ?? "" : token));

function figures(text, values, suffix, letters, known) {
  const body = rendered(text, values) + suffix;
  const culprits = costly(written(text, known), letters);
  const unicode = culprits.reduce((sum, c) => sum + (c.effect === "unicode" ? c.count : 0), 0);
  return { ...measure(body, letters), body, culprits, unicode };
}

// ---- a tiny store per composer, so that any part of the page can show the live figures ----
const stores = new Map();
const EMPTY = { characters: 0, units: 0, encoding: "GSM-7", segments: 1, fills: [0], capacity: 160, culprits: [], body: "", unicode: 0 };
function store(name) {
  if (!stores.has(name)) stores.set(name, { stats: EMPTY, listeners: new Set(), element: null });
  return stores.get(name);
}
export function useComposerStats(name) {
  const s = store(name);
  const subscribe = useCallback((tell) => (s.listeners.add(tell), () => s.listeners.delete(tell)), [s]);
  return useSyncExternalStore(subscribe, () => s.stats, () => EMPTY);
}

// execCommand is the only way that keeps the browser's undo history.
export function insertAtCaret(name, text) {
  store(name).element?.focus();
  document.execCommand("insertText", false, text);
}
export function replaceInComposer(name, char, replacement) {
  const { element } = store(name);
  if (!element || !element.value.includes(char)) return;
  const caret = element.selectionStart;
  const before = element.value.slice(0, caret).replaceAll(char, replacement).length;
  const next = element.value.replaceAll(char, replacement);
  element.focus();
  element.select();
  document.execCommand("insertText", false, next);
  element.setSelectionRange(before, before);
}

const painter = (alphabet, known) => (text) => {
  const pieces = [];
  let end = 0;
  for (const { 0: token, 2: name, index } of text.matchAll(TOKEN)) {
    if (!name || !known.has(bare(name))) continue;
    pieces.push(marked(text.slice(end, index), end, alphabet), <span key={`$${index}`} className="sms-variable">{token}</span>);
    end = index + token.length;
  }
  return [...pieces, marked(text.slice(end), end, alphabet)];
};

const KIND = { 1: "sms-double", 2: "sms-culprit" };
function marked(piece, key, { basic, extended }) {
  const runs = []; // one span per run keeps the painted layer small
  for (const c of piece) {
    const kind = basic.has(c) ? 0 : extended.has(c) ? 1 : 2;
    if (runs.length && runs.at(-1).kind === kind) runs.at(-1).text += c;
    else runs.push({ kind, text: c });
  }
  return runs.map((r, k) => (r.kind ? <span key={`${key}.${k}`} className={KIND[r.kind]}>{r.text}</span> : r.text));
}

export function Composer({ name, alphabet, value, version, values = null, own = [], suffix = "", onValue, delay = 250, rows = 5, ref, ...props }) {
  const letters = useMemo(() => tables(alphabet), [alphabet]);
  const keys = [...STANDARD, ...own, ...Object.keys(values ?? {})].join();
  const known = useMemo(() => new Set(keys.split(",")), [keys]);
  const paint = useMemo(() => painter(letters, known), [letters, known]);
  const [text, setText] = useState(value);
  const timer = useRef(null);
  const latest = useRef(value);
  const told = useRef({});
  told.current = { onValue, version };

  // Only a new version comes from the server; a late echo of what was typed does not. Version 0 is a server that has just
  // come back and knows nothing yet: what is on screen stays, and is told again once the draft is open there.
  const shown = useRef(version);
  const fallen = useRef(false);
  useEffect(() => {
    const back = fallen.current && latest.current;
    fallen.current = !version && Boolean(shown.current);
    if (!version || (version === shown.current && latest.current && !back)) return;
    shown.current = version;
    clearTimeout(timer.current);
    timer.current = null;
    if (!back) show(value);
    else if (value !== latest.current) onValue?.(latest.current, version);
  }, [version]);
  const dress = JSON.stringify([values, keys, suffix]);
  useEffect(() => publish(latest.current), [dress]);
  useEffect(() => () => flush(), []);

  function show(next) {
    latest.current = next;
    setText(next);
    publish(next);
  }
  function publish(next) {
    const s = store(name);
    s.stats = figures(next, values, suffix, letters, known);
    s.listeners.forEach((tell) => tell());
  }
  function flush() {
    if (timer.current === null) return;
    clearTimeout(timer.current);
    timer.current = null;
    told.current.onValue?.(latest.current, told.current.version);
  }
  function change(event) {
    show(event.target.value);
    clearTimeout(timer.current);
    timer.current = setTimeout(flush, delay);
  }
  // Reflex hands in a `ref` of its own as soon as the component has an id: serve both.
  const attach = useCallback((element) => {
    store(name).element = element;
    if (ref) ref.current = element;
  }, [name, ref]);

  return (
    <RichTextarea ref={attach} value={text} onChange={change} onBlur={flush} rows={rows} className="sms-composer" style={{ width: "100%" }} {...props}>
      {paint}
    </RichTextarea>
  );
}

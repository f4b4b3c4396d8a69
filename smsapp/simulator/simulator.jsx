// What only a browser can do for the simulator and the price list: names of countries, the address bar, a file that stays here.
import { useCombobox } from "downshift";
import { Check, Copy, FileUp, Link, Printer, Search, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useI18n } from "$/public/external/smsapp/i18n/variables/runtime.js";

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function useNames(lang, france) {
  return useMemo(() => {
    const known = lang ? new Intl.DisplayNames([lang], { type: "region", fallback: "code" }) : null;
    return (code) => (!known ? code : code === "FR" ? france : known.of(code));
  }, [lang, france]);
}

export function Territory({ code, lang, france }) {
  return useNames(lang, france)(code);
}

// `countries`: [["FR", 33], ...], the usual ones first; found by name, code or calling code.
export function CountryPicker({ countries, code, lang, france, label, none, onPick }) {
  const name = useNames(lang, france);
  const all = useMemo(() => {
    const named = JSON.parse(countries).map(([c, calling], i) => ({ code: c, calling, name: name(c), usual: i < 15 }));
    const rest = named.filter((c) => !c.usual).sort((a, b) => a.name.localeCompare(b.name, lang || undefined));
    return [...named.filter((c) => c.usual), ...rest];
  }, [countries, name, lang]);
  const [text, setText] = useState(null); // null: shows what was chosen
  const asked = fold((text ?? "").trim());
  const items = useMemo(() => {
    if (!asked) return all;
    const digits = asked.replace(/^(\+|00)/, "");
    const found = all.filter((c) => fold(c.name).includes(asked) || c.code.toLowerCase() === asked || (/^\d+$/.test(digits) && String(c.calling).startsWith(digits)));
    const rank = (c) => (c.code.toLowerCase() === asked || String(c.calling) === digits ? 0 : fold(c.name).startsWith(asked) ? 1 : 2);
    return found.sort((a, b) => rank(a) - rank(b));
  }, [all, asked]);
  const chosen = all.find((c) => c.code === code) ?? null;
  const { isOpen, highlightedIndex, getInputProps, getMenuProps, getItemProps, openMenu } = useCombobox({
    items,
    inputValue: text ?? chosen?.name ?? code,
    selectedItem: chosen,
    defaultHighlightedIndex: asked ? 0 : -1,
    itemToString: (item) => item?.name ?? "",
    onSelectedItemChange: ({ selectedItem }) => selectedItem && onPick?.(selectedItem.code),
    onIsOpenChange: ({ isOpen: open }) => open || setText(null),
  });
  const typed = (event) => { setText(event.target.value); openMenu(); };
  return (
    <div className="sim-country">
      <span className="sim-code" aria-hidden="true">{code}</span>
      <input {...getInputProps({ "aria-label": label, className: "inp", autoComplete: "off", spellCheck: false, onChange: typed, onFocus: (e) => e.target.select() })} />
      <ul {...getMenuProps({ "aria-label": label })}>
        {isOpen && items.map((item, index) => (
          <li key={item.code} {...getItemProps({ item, index })} data-active={index === highlightedIndex || undefined}>
            <span className="sim-code">{item.code}</span><span className="el">{item.name}</span> <small>+{item.calling}</small>
          </li>
        ))}
        {isOpen && !items.length && <li role="option" aria-selected="false" aria-disabled="true" className="mut">{none}</li>}
      </ul>
    </div>
  );
}

// The address follows the simulation without a navigation: nothing is loaded again, and Back leaves the page at once.
export function Address({ query, ready, path, label, take, taken }) {
  const [here, setHere] = useState("");
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!ready) return undefined;
    const next = query ? `${path}?${query}` : path;
    setHere(location.origin + next);
    setDone(false);
    const timer = setTimeout(() => {
      if (location.pathname.replace(/\/$/, "") === path) history.replaceState(history.state, "", next);
    }, 300);
    return () => clearTimeout(timer);
  }, [query, ready, path]);
  const keep = () => navigator.clipboard.writeText(here).then(() => setDone(true), () => {});
  return (
    <div className="sim-link">
      <span className="with-icon f1"><Link className="lucide" aria-hidden="true" /><input className="inp" readOnly value={here} aria-label={label} onFocus={(e) => e.target.select()} /></span>
      <button type="button" className="pg" onClick={keep}>
        {done ? <Check className="lucide" aria-hidden="true" /> : <Copy className="lucide" aria-hidden="true" />}<span role="status">{done ? taken : take}</span>
      </button>
    </div>
  );
}

// The file stays in this page; each change of the message sends it once more, and the server forgets it after each answer.
export function FileDrop({ action, ask, limit, name, label, choose, hint, busy, again, onPriced, onRemoved }) {
  const i18n = useI18n();
  const input = useRef(null);
  const file = useRef(null);
  const travel = useRef(null);
  const [drag, setDrag] = useState(false);
  const [held, setHeld] = useState("");
  const [waits, setWaits] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const now = useRef({});
  now.current = { ask, onPriced, onRemoved };

  const refuse = (key, params = {}) => { setWaits(false); setRefusal({ key, params }); };
  const forget = () => { travel.current?.abort(); file.current = null; setHeld(""); setWaits(false); now.current.onRemoved?.(); };

  async function send() {
    travel.current?.abort();
    const trip = (travel.current = new AbortController());
    if (now.current.ask.length > 50_000) return refuse("simulator.text_too_long", { most: 255 });
    setWaits(true);
    try {
      const answer = await fetch(`${action}?${now.current.ask}`, { method: "POST", body: file.current, headers: { "content-type": "application/octet-stream" }, signal: trip.signal });
      const found = await answer.json();
      if (trip.signal.aborted) return undefined;
      if (!answer.ok) return refuse(found.key, found.params);
      setWaits(false);
      now.current.onPriced?.(found.id, file.current.name);
    } catch {
      if (!trip.signal.aborted) refuse("simulator.connection_lost");
    }
    return undefined;
  }
  function take(chosen) {
    if (!chosen) return undefined;
    setRefusal(null);
    if (chosen.size > limit) return refuse("imports.bad.too_big", { limit: Math.round(limit / 1048576) });
    if (chosen.size === 0) return refuse("imports.bad.empty");
    file.current = chosen;
    setHeld(chosen.name);
    return send();
  }
  useEffect(() => {
    if (!file.current) return undefined;
    setRefusal(null);
    const timer = setTimeout(send, 400);
    return () => clearTimeout(timer);
  }, [ask]);
  useEffect(() => () => travel.current?.abort(), []);

  const shown = held || name;
  const over = (on) => (event) => { event.preventDefault(); setDrag(on); };
  return (
    <div className="sim-drop" data-drag={drag} onDragOver={over(true)} onDragEnter={over(true)} onDragLeave={over(false)}
      onDrop={(event) => { over(false)(event); take(event.dataTransfer.files[0]); }}>
      <FileUp className="lucide" aria-hidden="true" />
      <div className="f1">
        <div>{shown ? <b>{shown}</b> : label} <button type="button" className="lk" onClick={() => input.current.click()}>{choose}</button></div>
        <div className="t2 mut" role="status">{waits ? busy : hint}</div>
        {refusal && <div className="t2 tx-err" role="alert">{i18n.say(refusal)}</div>}
      </div>
      {shown && <button type="button" className="ib" aria-label={again} title={again} onClick={forget}><X className="lucide" aria-hidden="true" /></button>}
      <input ref={input} type="file" className="sr-only" tabIndex={-1} aria-label={choose} accept=".csv,.txt,.tsv,.xls,.xlsx,.xlsm,.ods"
        onChange={(event) => { take(event.target.files[0]); event.target.value = ""; }} />
    </div>
  );
}

// The international price list. Rows: [territory, calling code, SMS Pro, with a sender, SMS Voix (units), sample].
export function PriceTable({ source, lang, france, words }) {
  const i18n = useI18n();
  const name = useNames(lang, france);
  const [rows, setRows] = useState([]);
  const [lost, setLost] = useState(false);
  const [asked, setAsked] = useState("");
  useEffect(() => {
    fetch(source).then((answer) => answer.json()).then(setRows, () => setLost(true));
  }, [source]);
  const named = useMemo(() => {
    if (!lang) return [];
    const all = rows.map((row) => ({ row, name: name(row[0]) }));
    return all.sort((a, b) => a.name.localeCompare(b.name, lang));
  }, [rows, name, lang]);
  const wanted = fold(asked.trim());
  const digits = wanted.replace(/^(\+|00)/, "");
  const found = !wanted ? named : named.filter((one) => fold(one.name).includes(wanted) || one.row[0].toLowerCase() === wanted
    || (/^\d+$/.test(digits) && String(one.row[1]).startsWith(digits)));
  const figure = (units) => (units ? i18n.credits(units) : "–");
  return (
    <>
      <div className="price-tools">
        <span className="with-icon f1"><Search className="lucide" aria-hidden="true" />
          <input type="search" className="inp" value={asked} onChange={(e) => setAsked(e.target.value)} aria-label={words.search} placeholder={words.search} data-search="true" autoComplete="off" /></span>
        <button type="button" className="pg" onClick={() => window.print()}><Printer className="lucide" aria-hidden="true" />{words.print}</button>
      </div>
      <p className="t2 mut" role="status">{lost ? words.lost : named.length ? i18n.t("simulator.table_count", { count: found.length }) : ""}</p>
      <div className="tbox" role="region" tabIndex={0} aria-label={words.title}>
        <table className="tb price-table">
          <thead><tr>{words.heads.map((head, i) => <th key={head} scope="col" className={i > 1 ? "r" : ""}>{head}</th>)}</tr></thead>
          <tbody>
            {found.map(({ row, name: shown }) => (
              <tr key={row[0]}>
                <td>{shown}{row[5] && <span className="tag gray">{words.sample}</span>}</td>
                <td className="num mut">+{row[1]}</td>
                <td className="r">{figure(row[2])}</td><td className="r">{figure(row[3])}</td><td className="r">{figure(row[4])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {named.length > 0 && !found.length && <p className="mut">{words.none}</p>}
    </>
  );
}

// A choice among all countries, by their names in the reader's language, which every browser knows; some stand first.
import { useMemo } from "react";

export function Countries({ codes, first, value, lang, onChoose, id, describedBy }) {
  const sorted = useMemo(() => {
    const names = new Intl.DisplayNames([lang === "fr" ? "fr" : "en"], { type: "region", fallback: "code" });
    const named = codes.map(([code, calling]) => ({ code, words: `${names.of(code)} (+${calling})` }));
    const order = new Intl.Collator(lang === "fr" ? "fr" : "en");
    return [named.slice(0, first), named.slice(first).sort((a, b) => order.compare(a.words, b.words))];
  }, [lang]);
  const option = ({ code, words }) => <option key={code} value={code}>{words}</option>;
  return (
    <select id={id} value={value} aria-describedby={describedBy} onChange={(e) => onChoose(e.target.value)}>
      {sorted[0].map(option)}
      <hr />
      {sorted[1].map(option)}
    </select>
  );
}

// Interface texts in the browser: i18next speaks the catalogues of smsapp/i18n, react-i18next tells the components.
//
// This module also runs at build time, where no language is known. There a message without parameters becomes the mark
// ⟦key⟧, which the server replaces in the HTML (web/pages.py), and all the rest stays empty. The server also puts the chosen
// catalogue into the page, so hydration sees exactly what the server wrote: no flash of another language, no mismatch.
import i18next from "i18next";
import { useMemo, useSyncExternalStore } from "react";
import { initReactI18next, useTranslation } from "react-i18next";
import env from "$/env.json";

const BUILD = "build";
const browser = typeof document !== "undefined";
const inPage = browser ? document.getElementById("i18n") : null;
const versions = inPage ? JSON.parse(inPage.dataset.versions) : {};
// The scroll lock of Radix dialogs writes a <style> and looks here for the page's nonce.
if (inPage) window.__webpack_nonce__ = inPage.nonce;

const locale = () => (i18next.language === "en" ? "en-GB" : i18next.language);

// Intl objects are costly to build: one per language and shape.
const made = new Map();
function intl(Kind, options) {
  const key = `${Kind.name}${locale()}${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Kind(locale(), options));
  return made.get(key);
}

const DAY = { day: "2-digit", month: "2-digit", year: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const number = (value, digits = 3) => intl(Intl.NumberFormat, { maximumFractionDigits: digits }).format(value);
const percent = (share, digits = 1) => intl(Intl.NumberFormat, { style: "percent", maximumFractionDigits: digits }).format(share);
const money = (amount, currency) => intl(Intl.NumberFormat, { style: "currency", currency }).format(amount);
const credits = (units) => number(units / 10000, 4);
const written = (options) => (iso) => (iso ? intl(Intl.DateTimeFormat, options).format(new Date(iso)).replace(",", "") : "");
const moment = written({ ...DAY, ...CLOCK });
const day = written(DAY);
const clock = written(CLOCK);
const SHAPES = {
  date: { weekday: "short", day: "numeric", month: "long" },
  whole: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  weekday: { weekday: "short" },
};
const dated = (iso, shape) => written(SHAPES[shape])(iso);
const country = (code) => new Intl.DisplayNames([locale()], { type: "region", fallback: "code" }).of(code) ?? code;
const FORMATS = { credits, percent, moment, day, clock, country, raw: String };

function formatted(value, format) {
  if (FORMATS[format]) return FORMATS[format](value);
  // A figure with its own words, in the plural that it asks for (catalogue.py).
  if (format?.startsWith("n_")) return i18next.t(`counted.${format}`, { count: value });
  if (format?.startsWith("u_")) return i18next.t(`counted.${format}`, { count: value / 10000, units: value });
  return typeof value === "number" ? number(value) : value;
}

// A module, since i18next replaces `interpolation.format` by its own formatter.
const formatter = { type: "formatter", init: () => {}, format: formatted };

i18next.use(initReactI18next).use(formatter).init({
  lng: inPage ? document.documentElement.lang : BUILD,
  fallbackLng: false,
  initAsync: false,
  keySeparator: false,
  nsSeparator: false,
  showSupportNotice: false,
  interpolation: { escapeValue: false, alwaysFormat: true },
  react: { useSuspense: false },
  resources: inPage ? { [document.documentElement.lang]: { translation: JSON.parse(inPage.textContent) } } : { [BUILD]: { translation: {} } },
});

export async function setLanguage(lang) {
  if (!i18next.hasResourceBundle(lang, "translation")) {
    // `reflex run` in dev mode has no server in front of the pages: there the catalogue comes from the backend's own port.
    const base = inPage ? "" : new URL(env.PING).origin;
    const answer = await fetch(`${base}/i18n/${lang}.json${versions[lang] ? `?v=${versions[lang]}` : ""}`);
    if (!answer.ok) return;
    i18next.addResourceBundle(lang, "translation", await answer.json());
  }
  document.documentElement.lang = lang;
  document.cookie = `lang=${lang}; path=/; max-age=31536000; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  await i18next.changeLanguage(lang);
}

if (browser && !inPage) setLanguage(/(?:^|; )lang=(\w+)/.exec(document.cookie)?.[1] ?? "fr");

const never = () => () => {};
const message = (key, params) => i18next.t(key, params);

export function useI18n() {
  const { i18n } = useTranslation(); // renders again when the language changes
  const lang = i18n.language;
  const live = useSyncExternalStore(never, () => true, () => false); // false while building and while hydrating
  return useMemo(() => {
    const later = (make) => (...args) => (live && lang !== BUILD ? make(...args) : "");
    return {
      lang: live ? lang : "", // what is drawn from it must be drawn alike at build time
      t: (key, params) => {
        if (lang === BUILD) return params ? "" : `⟦${key}⟧`;
        return params ? later(message)(key, params) : message(key);
      },
      say: later((sentence) => (sentence?.key ? message(sentence.key, sentence.params) : "")),
      number: later(number),
      credits: later(credits),
      percent: later(percent),
      money: later(money),
      moment: later(moment),
      day: later(day),
      clock: later(clock),
      dated: later(dated),
    };
  }, [lang, live]);
}

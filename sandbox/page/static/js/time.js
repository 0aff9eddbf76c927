// Times as a person reads them.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const timeWithSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const short = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** The clock time of a Slack time stamp or an ISO time. */
export function clock(at, seconds = false) {
  return (seconds ? timeWithSeconds : time).format(toDate(at));
}

/** "Today", "Yesterday" or the day. */
export function dayName(at) {
  const date = toDate(at);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86400000);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : day.format(date);
}

/** "Nov 21, 14:10", without the date when it is today. */
export function moment(at) {
  const date = toDate(at);
  return midnight(date) === midnight(new Date()) ? clock(date, true) : `${short.format(date)}, ${clock(date)}`;
}

function toDate(at) {
  if (at instanceof Date) return at;
  return /^\d+\.\d+$/.test(String(at)) ? new Date(Number(at) * 1000) : new Date(at);
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

const LOCAL = {
  date_num: (d) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`,
  date: (d) => d.toLocaleDateString(undefined, { month: "long", day: "numeric", year: "numeric" }),
  date_short: (d) => d.toLocaleDateString(undefined, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (d) => d.toLocaleDateString(undefined, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  time: (d) => clock(d),
  time_secs: (d) => clock(d, true),
  ago: (d) => ago(d),
};

/** Slack's date tokens, e.g. "{date_short_pretty} {time}", for a time in Unix seconds. */
export function slackDate(seconds, format) {
  const date = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, token) => {
    const plain = token.replace(/_pretty$/, "");
    if (token.endsWith("_pretty")) {
      const name = dayName(date);
      if (name === "Today" || name === "Yesterday") return name.toLowerCase();
    }
    return LOCAL[plain] ? LOCAL[plain](date) : whole;
  });
}

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(seconds, "second");
  if (size < 3600) return format.format(Math.round(seconds / 60), "minute");
  if (size < 86400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86400), "day");
}

// The emoji names that bots and people use most.

export const EMOJI = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", ambulance: "🚑", arrow_down: "⬇️", arrow_left: "⬅️", arrow_right: "➡️",
  arrow_right_hook: "↪️", arrow_up: "⬆️", arrows_counterclockwise: "🔄", bar_chart: "📊", bell: "🔔", bookmark: "🔖",
  boom: "💥", bug: "🐛", bulb: "💡", busts_in_silhouette: "👥", calendar: "📆", chart_with_downwards_trend: "📉",
  chart_with_upwards_trend: "📈", checkered_flag: "🏁", clap: "👏", clipboard: "📋", clock1: "🕐", construction: "🚧",
  email: "✉️", envelope: "✉️", exclamation: "❗", eyes: "👀", fire: "🔥", fire_engine: "🚒", gear: "⚙️", ghost: "👻",
  grey_exclamation: "❕", hammer_and_wrench: "🛠️", handshake: "🤝", heart: "❤️", heavy_check_mark: "✔️",
  heavy_exclamation_mark: "❗", heavy_minus_sign: "➖", heavy_plus_sign: "➕", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  hammer: "🔨", hospital: "🏥", incoming_envelope: "📨", inbox_tray: "📥", information_source: "ℹ️", label: "🏷️",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠", large_yellow_circle: "🟡",
  leftwards_arrow_with_hook: "↩️", link: "🔗", lock: "🔒", mag: "🔍", mailbox: "📫", mega: "📣", memo: "📝",
  mantelpiece_clock: "🕰️", moneybag: "💰", mute: "🔇", no_bell: "🔕", no_entry: "⛔", no_entry_sign: "🚫", ok: "🆗",
  ok_hand: "👌", outbox_tray: "📤", package: "📦", pager: "📟", paperclip: "📎", party_popper: "🎉", pencil: "📝",
  pencil2: "✏️", phone: "☎️", point_down: "👇", point_right: "👉", pray: "🙏", pushpin: "📌", question: "❓",
  raised_hand: "✋", raised_hands: "🙌", red_circle: "🔴", repeat: "🔁", rocket: "🚀", rotating_light: "🚨",
  ship: "🚢", siren: "🚨", sleeping: "😴", slightly_smiling_face: "🙂", smile: "😄", snooze: "💤", sos: "🆘",
  sparkles: "✨", speech_balloon: "💬", star: "⭐", stopwatch: "⏱️", tada: "🎉", telephone_receiver: "📞", thinking_face: "🤔",
  thread: "🧵", thumbsdown: "👎", thumbsup: "👍", ticket: "🎫", timer_clock: "⏲️", tools: "🛠️", trophy: "🏆",
  unlock: "🔓", warning: "⚠️", wave: "👋", white_check_mark: "✅", white_circle: "⚪", wrench: "🔧", x: "❌", zap: "⚡",
  zzz: "💤", one: "1️⃣", two: "2️⃣", three: "3️⃣", four: "4️⃣", bangbang: "‼️", busy: "⛔", medal: "🏅", seedling: "🌱",
};

/** A text with its :names: replaced; unknown names stay as they are. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

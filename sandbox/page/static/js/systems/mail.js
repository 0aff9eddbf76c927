// The mail box: everything that was sent, to whomever.

import { get } from "../api.js";
import { avatar, h } from "../dom.js";
import { moment } from "../time.js";
import { fact } from "./jira.js";
import { masterDetail } from "./master.js";
import { plainText } from "./richtext.js";

export function mailPane() {
  return masterDetail({
    name: "mail",
    title: "Mail",
    actor: "All mail that was sent, to customers and vendors.",
    load: async () => (await get("/people/mail/messages")).reverse(),
    idOf: (mail) => String(mail.id),
    row: (mail) => [
      avatar(mail.to[0] ?? "?", "small"),
      h("span", { class: "row-main" }, h("span", { class: "card-title" }, mail.subject || "(no subject)"), h("span", { class: "quiet" }, `To ${mail.to.join(", ")} · ${moment(mail.received_at)}`)),
    ],
    detail: (mail) => ({
      content: [
        h("h2", { class: "detail-title" }, mail.subject || "(no subject)"),
        h("dl", { class: "facts" }, fact("From", mail.from), fact("To", mail.to.join(", ")), fact("Received", moment(mail.received_at))),
        h("div", { class: "letter" }, plainText(mail.text || "(empty)")),
      ],
      actions: [],
    }),
    empty: "No mail has been sent yet.",
  });
}

// Drives the sandbox's Slack with Slack's own client for Node, and prints what it saw as one JSON object.

import { WebClient } from "@slack/web-api";

const { SLACK_API_URL, SLACK_TOKEN, TRIGGER_ID, CHANNEL, LIMITED_CHANNEL } = process.env;

const slack = new WebClient(SLACK_TOKEN, { slackApiUrl: SLACK_API_URL, retryConfig: { retries: 2 }, timeout: 20000 });
let limited = 0;
slack.on("rate_limited", () => (limited += 1));

const divider = { type: "divider" };
const modal = { type: "modal", title: { type: "plain_text", text: "Escalate" }, blocks: [divider] };

const identity = await slack.auth.test();

const posted = await slack.chat.postMessage({
  channel: CHANNEL,
  text: "posted",
  blocks: [divider],
  metadata: { event_type: "card", event_payload: { card_key: "T-1" } },
});
const updated = await slack.chat.update({ channel: CHANNEL, ts: posted.ts, text: "updated" });

const trigger = await slack.views.open({ trigger_id: TRIGGER_ID, view: modal }).catch((error) => error.data.error);

for (const number of [1, 2, 3, 4]) await slack.chat.postMessage({ channel: CHANNEL, text: `message ${number}` });
const pages = [];
for await (const page of slack.paginate("conversations.history", { channel: CHANNEL, limit: 2 })) {
  pages.push(page.messages.map((message) => message.text));
}

// More than the channel's burst: the client is told to wait, and does.
const late = [];
for (const number of [1, 2, 3, 4, 5, 6, 7]) {
  const answer = await slack.chat.postMessage({ channel: LIMITED_CHANNEL, text: `number ${number}` });
  late.push(answer.message.text);
}

const upload = await slack.filesUploadV2({
  channel_id: CHANNEL,
  initial_comment: "a file",
  filename: "log.txt",
  title: "Log",
  content: "boom",
});

console.log(
  JSON.stringify({
    user: identity.user_id,
    scopes: identity.response_metadata.scopes,
    posted: { ts: posted.ts, blocks: posted.message.blocks.length },
    updated: updated.text,
    trigger,
    pages,
    limited,
    late,
    file: upload.files[0].files[0],
  }),
);

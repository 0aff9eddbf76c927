// Signs deliveries as GitHub's own library does, sends each to the gateway, and prints what it answered as one JSON array.

import { Webhooks } from "@octokit/webhooks";

const { GATEWAY_URL, SECRET, DELIVERIES } = process.env;

const webhooks = new Webhooks({ secret: SECRET });

async function send({ event, id, body }) {
  const signature = await webhooks.sign(body);
  const response = await fetch(GATEWAY_URL, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      "X-GitHub-Event": event,
      "X-GitHub-Delivery": id,
      "X-Hub-Signature-256": signature,
    },
  });
  return { status: response.status, answer: await response.json(), verified: await webhooks.verify(body, signature) };
}

const answers = [];
for (const delivery of JSON.parse(DELIVERIES)) answers.push(await send(delivery));
console.log(JSON.stringify(answers));

// Passkeys in the console: enroll one, and sign an intent with it. The
// challenge of a signature is the digest of what is being approved; nothing
// else is sent.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const status = (words) => { const line = document.getElementById("passkey-status"); if (line) line.textContent = words; };

  async function post(url, value) {
    const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value ?? {}) });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.title + " " + body.title_en + (body.detail ? " (" + body.detail + ")" : ""));
    return body;
  }

  async function enroll(button) {
    const options = (await post(button.dataset.begin)).publicKey;
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
    const made = await navigator.credentials.create({ publicKey: options });
    await post(button.dataset.post, {
      id: made.id, rawId: text(made.rawId), type: made.type,
      response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) },
    });
    location.reload();
  }

  async function approve(button) {
    const made = await navigator.credentials.get({ publicKey: {
      challenge: bytes(button.dataset.challenge), rpId: button.dataset.rp, userVerification: "required", timeout: 120000,
      allowCredentials: button.dataset.credentials.split(" ").map((id) => ({ type: "public-key", id: bytes(id) })),
    } });
    await post(button.dataset.post, {
      id: text(made.rawId), authenticator_data: text(made.response.authenticatorData),
      client_data: text(made.response.clientDataJSON), signature: text(made.response.signature),
      ...JSON.parse(button.dataset.extra ?? "{}"),
    });
    if (button.dataset.then) location.assign(button.dataset.then); else location.reload();
  }

  for (const [id, run] of [["enroll", enroll], ["approve", approve]]) {
    const button = document.getElementById(id);
    button?.addEventListener("click", async () => {
      button.disabled = true;
      status("请按浏览器提示验证身份… Follow your browser.");
      try { await run(button); } catch (problem) { status("未完成：" + problem.message); button.disabled = false; }
    });
  }
})();

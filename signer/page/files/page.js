// The signing page: one passkey signature over what the page shows, or a new passkey.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const ask = document.getElementById("ask").dataset;
  const status = (words) => { document.getElementById("status").textContent = words; };

  async function post(what, value) {
    const answer = await fetch(ask.post + "/" + what, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value ?? {}) });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.title + " " + body.title_en + (body.detail ? " (" + body.detail + ")" : ""));
    location.replace(body.back);
  }

  async function enroll() {
    const options = JSON.parse(ask.creation);
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
    const made = await navigator.credentials.create({ publicKey: options });
    await post("sign", { id: made.id, rawId: text(made.rawId), type: made.type,
      response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) } });
  }

  async function sign() {
    const made = await navigator.credentials.get({ publicKey: {
      challenge: bytes(ask.challenge), rpId: ask.rp, userVerification: "required", timeout: 120000,
      allowCredentials: ask.credentials.split(" ").map((id) => ({ type: "public-key", id: bytes(id) })) } });
    await post("sign", { id: text(made.rawId), authenticator_data: text(made.response.authenticatorData),
      client_data: text(made.response.clientDataJSON), signature: text(made.response.signature) });
  }

  for (const [id, run] of [["sign", ask.creation ? enroll : sign], ["decline", () => post("decline")]]) {
    const button = document.getElementById(id);
    button.addEventListener("click", async () => {
      for (const b of document.querySelectorAll("button")) b.disabled = true;
      status(id === "sign" ? "请按浏览器提示验证身份… Follow your browser." : "");
      try { await run(); } catch (problem) { status("未完成 not done：" + problem.message); for (const b of document.querySelectorAll("button")) b.disabled = false; }
    });
  }
})();

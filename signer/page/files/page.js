// The signing page: one passkey signature over what the page shows, or a new passkey.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const ask = document.getElementById("ask").dataset;
  const button = (id) => document.getElementById(id);
  const status = (words) => { button("status").textContent = words; };
  let broken = false; // a document could not be shown: nothing is signed unseen

  // What browsers say in their own words, in ours.
  const reasons = {
    NotAllowedError: "已取消，或等待超时 cancelled, or timed out",
    InvalidStateError: "此设备上已有本账号的通行密钥 this device has a passkey of the account already",
    SecurityError: "浏览器不允许在此网址使用通行密钥 the browser allows no passkey at this address",
    NotSupportedError: "此设备不支持所需的通行密钥 this device has no passkey of the kind asked for",
    TypeError: "签署页服务无法连接，请稍后再试 the signing page cannot be reached: try again",
    SyntaxError: "签署页服务答复异常，请稍后再试 the answer cannot be read: try again",
  };

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

  const free = () => { button("sign").disabled = broken; button("decline").disabled = false; };
  for (const [id, run] of [["sign", ask.creation ? enroll : sign], ["decline", () => post("decline")]]) {
    button(id).addEventListener("click", async () => {
      button("sign").disabled = button("decline").disabled = true;
      status(id === "sign" ? "请按浏览器提示验证身份… Follow your browser." : "");
      try { await run(); } catch (problem) { status("未完成 not done：" + (reasons[problem.name] ?? problem.message)); free(); }
    });
  }
  for (const image of document.querySelectorAll("img.drawn")) {
    const fail = () => {
      broken = true;
      button("sign").disabled = true;
      status("有证照文件无法显示，不能签署 a document cannot be shown: it cannot be signed here");
    };
    image.addEventListener("error", fail);
    if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") fail();
  }
  if (!window.PublicKeyCredential) {
    status("此浏览器不支持通行密钥 this browser has no passkeys");
    return;
  }
  // A click that was meant for the page before this one signs nothing.
  const seen = () => setTimeout(free, 1000);
  if (document.visibilityState === "visible") seen(); else document.addEventListener("visibilitychange", seen, { once: true });
})();

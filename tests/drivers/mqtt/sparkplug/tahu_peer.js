// Encodes what stdin says with Eclipse Tahu's own library, or decodes it: {"encode": …} | {"decode": hex}.
"use strict";
const { get } = require("sparkplug-payload");
const library = get("spBv1.0");
const told = JSON.parse(require("fs").readFileSync(0, "utf8"));
if (told.encode) {
  process.stdout.write(Buffer.from(library.encodePayload(told.encode)).toString("hex"));
} else {
  const payload = library.decodePayload(Buffer.from(told.decode, "hex"));
  const plain = (_key, value) =>
    value && typeof value === "object" && "low" in value && "high" in value
      ? Number(value.toString())
      : value;
  process.stdout.write(JSON.stringify(payload, plain));
}

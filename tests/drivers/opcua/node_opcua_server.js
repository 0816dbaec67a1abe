// An OPC UA server that is not ours: node-opcua, with three variables of a battery.
// Arguments: port, certificate file, key file. Prints "ready" when it listens.
"use strict";
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { DataType, Variant } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");
const { SecurityPolicy } = require("node-opcua-secure-channel");
const { MessageSecurityMode } = require("node-opcua-service-secure-channel");
const path = require("path");

const [port, certificateFile, privateKeyFile, folder] = process.argv.slice(2);

async function main() {
  const options = {
    port: Number(port),
    hostname: "127.0.0.1",
    alternateHostname: ["127.0.0.1"],
    serverInfo: { applicationUri: "urn:node:opcua:server" },
    certificateFile,
    privateKeyFile,
    serverCertificateManager: new OPCUACertificateManager({
      automaticallyAcceptUnknownCertificate: true,
      rootFolder: path.join(folder, "pki"),
    }),
    userManager: { isValidUser: (user, password) => user === "box" && password === "not-ours-at-all" },
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
  };
  const server = new OPCUAServer(options);
  await server.initialize();
  const space = server.engine.addressSpace;
  const strangers = space.registerNamespace("urn:stranger");
  const plant = space.registerNamespace("urn:phoenyra:bess");
  const held = { "pcs.set_power_kw": 0, "battery.soc_pct": 60 };
  const folderNode = plant.addFolder(space.rootFolder.objects, { browseName: "Battery" });
  for (const name of Object.keys(held)) {
    plant.addVariable({
      componentOf: folderNode,
      browseName: name,
      nodeId: `s=${name}`,
      dataType: "Float",
      minimumSamplingInterval: 50,
      value: {
        get: () => new Variant({ dataType: DataType.Float, value: held[name] }),
        set: (variant) => {
          if (variant.value > 100) return StatusCodes.BadOutOfRange;
          held[name] = variant.value;
          return StatusCodes.Good;
        },
      },
    });
  }
  let count = 0;
  setInterval(() => { count += 1; }, 200);
  plant.addVariable({
    componentOf: folderNode,
    browseName: "counter",
    nodeId: "i=77",
    dataType: "UInt32",
    minimumSamplingInterval: 50,
    value: { get: () => new Variant({ dataType: DataType.UInt32, value: count }) },
  });
  await server.start();
  console.log("ready");
}

main().catch((error) => { console.error(error); process.exit(1); });

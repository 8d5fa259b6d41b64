import { readFileSync } from "node:fs";
import { createConfig } from "ponder";

const facts = JSON.parse(readFileSync("facts.json", "utf8"));

export default createConfig({
    database: { kind: "postgres", connectionString: facts.database },
    chains: { local: { id: facts.chainId, rpc: facts.rpc, pollingInterval: 100 } },
    contracts: {
        OptionToken: { chain: "local", abi: facts.abis.OptionToken, address: facts.token, startBlock: facts.startBlock },
        OptionVault: { chain: "local", abi: facts.abis.OptionVault, address: facts.vaults, startBlock: facts.startBlock },
        Exchange: { chain: "local", abi: facts.abis.Exchange, address: facts.exchange, startBlock: facts.startBlock },
    },
});

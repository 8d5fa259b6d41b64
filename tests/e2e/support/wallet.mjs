// An EIP-1193 wallet announced by EIP-6963 that forwards to the local chain, where the account is unlocked.

/** One JSON-RPC call to the chain. */
export async function rpc(url, method, params = []) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await answer.json();
  if (error) throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
  return result;
}

/** Gives every page of a context a wallet with one account. `state.rejects` makes it decline the next transaction. */
export async function installWallet(context, url, account) {
  const state = { rejects: 0 };
  await context.exposeFunction("optionixTestWallet", async (method, params) => {
    if (method === "eth_requestAccounts" || method === "eth_accounts") return { result: [account] };
    if (method === "eth_sendTransaction" && state.rejects > 0) {
      state.rejects -= 1;
      return { error: { code: 4001, message: "User rejected the request." } };
    }
    try {
      return { result: await rpc(url, method, params) };
    } catch ({ message, code, data }) {
      return { error: { message, code, data } };
    }
  });
  await context.addInitScript(() => {
    const provider = {
      async request({ method, params }) {
        const { result, error } = await window.optionixTestWallet(method, params ?? []);
        if (error) throw Object.assign(new Error(error.message), error);
        return result;
      },
      on() {},
      removeListener() {},
    };
    const info = {
      uuid: "6a5f1b0e-0000-4000-8000-000000000001",
      name: "Test Wallet",
      icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
      rdns: "test.wallet",
    };
    const announce = () =>
      window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  });
  return state;
}

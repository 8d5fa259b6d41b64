import { parseUnits } from "viem";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Position } from "../../api/types";
import { useAppDispatch } from "../../app/hooks";
import { useNow } from "../../app/useNow";
import { clearinghouseAbi } from "../../chain/abi";
import { contractAddress } from "../../chain/places";
import { explain } from "../../chain/refusals";
import { useTransactor } from "../../chain/useTransactor";
import { Badge, Button, Scroll, Table, Text } from "../../components/primitives";
import { Empty } from "../../components/states";
import { duration } from "../../format/dates";
import { assetPlaces, compact, fixed, money } from "../../format/numbers";
import { amountTyped, optionPicked } from "../trade/ticketSlice";

/** Option tokens held: live ones can be sold back, settled ones redeemed. */
export function PositionsTable({ positions }: { positions: readonly Position[] }) {
  const { time } = useNow();
  if (positions.length === 0) return <Empty>No positions. Buy a call or a put on the Trade page.</Empty>;
  return (
    <Scroll>
      <Table>
        <thead>
          <tr>
            <th>Series</th>
            <th>Amount</th>
            <th>Value each</th>
            <th>Value</th>
            <th>Paid</th>
            <th>Delta</th>
            <th>Expires</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {positions.map((position) => (
            <tr key={position.series_id}>
              <td>{position.name}</td>
              <td>{compact(position.amount, 4)}</td>
              <td>{fixed(position.mark, assetPlaces(position.asset) + 1)}</td>
              <td>{money(position.settled ? position.payoff : position.value, position.asset)}</td>
              <td>{money(position.premium_paid, position.asset)}</td>
              <td>{fixed(position.delta, 2)}</td>
              <td>
                {position.settled ? (
                  <Badge>Settled</Badge>
                ) : position.expiry <= time ? (
                  <Badge $tone="warn">Awaiting settlement</Badge>
                ) : (
                  duration(position.expiry - time)
                )}
              </td>
              <td>
                <PositionAction position={position} expired={time > 0 && position.expiry <= time} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Scroll>
  );
}

function PositionAction({ position, expired }: { position: Position; expired: boolean }) {
  const dispatch = useAppDispatch();
  const navigate = useNavigate();
  const transactor = useTransactor();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  if (!position.settled) {
    if (expired) return null;
    return (
      <Button
        onClick={() => {
          dispatch(optionPicked({ name: position.name, seriesId: position.series_id, action: "sell" }));
          dispatch(amountTyped(position.amount));
          void navigate(`/trade/${position.market}/${position.expiry}`);
        }}
      >
        Sell back
      </Button>
    );
  }
  const redeem = async () => {
    if (!transactor) return;
    setBusy(true);
    setError(null);
    try {
      await transactor.send({
        title: `Redeem ${position.amount} ${position.name}`,
        address: contractAddress(transactor.deployment, "Clearinghouse"),
        abi: clearinghouseAbi,
        functionName: "redeem",
        args: [BigInt(position.series_id), parseUnits(position.amount, 18), transactor.account],
      });
    } catch (failure) {
      setError(explain(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button $kind="primary" disabled={busy || !transactor} onClick={() => void redeem()}>
        Redeem
      </Button>
      {error && (
        <Text $tone="down" $size="xs" role="alert">
          {error}
        </Text>
      )}
    </>
  );
}

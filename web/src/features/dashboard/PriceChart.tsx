import { AreaSeries, createChart, type IChartApi, type ISeriesApi, type UTCTimestamp } from "lightweight-charts";
import { useEffect, useRef } from "react";
import { useSpotCandlesQuery } from "../../api/optionixApi";
import { useAppSelector } from "../../app/hooks";
import { palettes } from "../../theme/tokens";

const POLL_MS = 3_000;

/** The feed's price over the last days of market time. */
export default function PriceChart({ symbol }: { symbol: string }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<{ api: IChartApi; series: ISeriesApi<"Area"> } | null>(null);
  const theme = useAppSelector((state) => state.theme);
  const { data } = useSpotCandlesQuery({ symbol, interval: "15m" }, { pollingInterval: POLL_MS });

  useEffect(() => {
    if (!place.current) return;
    const colours = palettes[theme];
    const api = createChart(place.current, {
      autoSize: true,
      // The browser's own tag may be one that Intl refuses.
      localization: { locale: "en-US" },
      layout: { background: { color: "transparent" }, textColor: colours.muted, fontSize: 11 },
      grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false },
      handleScroll: false,
      handleScale: false,
    });
    const series = api.addSeries(AreaSeries, {
      lineColor: colours.accent,
      topColor: colours.accentSoft,
      bottomColor: "transparent",
      lineWidth: 2,
      priceLineVisible: false,
    });
    chart.current = { api, series };
    return () => {
      api.remove();
      chart.current = null;
    };
  }, [theme]);

  useEffect(() => {
    if (!data || !chart.current) return;
    chart.current.series.setData(
      data.candles.map((candle) => ({ time: candle.start as UTCTimestamp, value: Number(candle.close) })),
    );
    chart.current.api.timeScale().fitContent();
  }, [data, theme]);

  return <div ref={place} style={{ height: "100%" }} role="img" aria-label={`Price of ${symbol}`} />;
}

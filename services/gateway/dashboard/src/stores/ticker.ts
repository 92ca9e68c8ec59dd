import { onMounted, onUnmounted, shallowRef } from "vue";

/** The page's time in milliseconds, renewed in an interval, for ages and countdowns. */
export function useTicker(intervalMs = 1_000) {
  const nowMs = shallowRef(Date.now());
  let timer: ReturnType<typeof setInterval> | undefined;
  const renew = () => {
    if (!document.hidden) nowMs.value = Date.now();
  };
  onMounted(() => {
    timer = setInterval(renew, intervalMs);
    document.addEventListener("visibilitychange", renew);
  });
  onUnmounted(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", renew);
  });
  return nowMs;
}

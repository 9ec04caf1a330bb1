import HTTPTypes
import RevocationHTTP

extension Refusal {
    /// 429 with `Retry-After`.
    /// - Parameter wait: how long, in milliseconds.
    static func slowDown(_ message: String, wait: Int64) -> Refusal {
        Refusal(
            .tooManyRequests, code: "slow_down", message: message,
            headers: [.retryAfter: String(max(1, (wait + 999) / 1000))])
    }
}

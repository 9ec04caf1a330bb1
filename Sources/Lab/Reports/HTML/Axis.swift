import Foundation

/// One direction of a chart: which value stands where.
struct Axis: Sendable {
    struct Tick: Sendable {
        var value: Double
        var label: String
    }

    /// From the first value's place to the last's, in pixels.
    private let start: Double
    private let length: Double
    private let range: ClosedRange<Double>
    private let isLogarithmic: Bool
    let ticks: [Tick]

    /// - Returns: where a value stands; at the border if it lies beyond.
    func place(_ value: Double) -> Double {
        let value = min(max(value, range.lowerBound), range.upperBound)
        let (low, high) = (range.lowerBound, range.upperBound)
        let share = isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
        return start + share * length
    }

    /// Seconds of a run, from 0.
    static func seconds(to end: Double, from start: Double, length: Double) -> Axis {
        let end = max(1, end)
        let room = length / 80
        let steps: [Double] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400]
        let step = steps.first { end / $0 <= room } ?? end
        let ticks = stride(from: 0, through: end, by: step).map { second in
            Tick(value: second, label: label(second: second, step: step))
        }
        return Axis(start: start, length: length, range: 0...end, isLogarithmic: false, ticks: ticks)
    }

    private static func label(second: Double, step: Double) -> String {
        switch step {
        case ..<60 where second < 60: "\(Int(second)) s"
        case ..<60: String(format: "%d:%02d", Int(second) / 60, Int(second) % 60)
        case ..<3600: "\(Int(second) / 60) min"
        default: "\(Int(second) / 3600) h"
        }
    }

    /// Microseconds on a logarithmic scale, upwards from a chart's bottom.
    static func latency(_ values: some Sequence<Double>, bottom: Double, height: Double) -> Axis {
        let positive = values.filter { $0 > 0 }
        let low = pow(10, floor(log10(max(1, positive.min() ?? 1))))
        let high = max(low * 10, pow(10, ceil(log10(max(1, positive.max() ?? 10)))))
        let decades = sequence(first: low) { $0 * 10 <= high * 1.01 ? $0 * 10 : nil }
        return Axis(
            start: bottom, length: -height, range: low...high, isLogarithmic: true,
            ticks: decades.map { Tick(value: $0, label: round($0)) })
    }

    private static func round(_ microseconds: Double) -> String {
        switch microseconds {
        case ..<1000: "\(Int(microseconds)) µs"
        case ..<1_000_000: "\(Int(microseconds / 1e3)) ms"
        default: "\(Int(microseconds / 1e6)) s"
        }
    }

    /// A number per second from 0, upwards from a chart's bottom.
    static func rate(to highest: Double, bottom: Double, height: Double) -> Axis {
        let magnitude = pow(10, floor(log10(max(1, highest))))
        let step = [0.2, 0.5, 1, 2].map { $0 * magnitude }.first { highest / $0 <= 5 } ?? magnitude
        let top = max(step, ceil(highest / step) * step)
        return Axis(
            start: bottom, length: -height, range: 0...top, isLogarithmic: false,
            ticks: stride(from: 0, through: top * 1.001, by: step).map { Tick(value: $0, label: short($0)) })
    }

    private static func short(_ number: Double) -> String {
        let (value, unit) =
            switch number {
            case ..<1000: (number, "")
            case ..<1_000_000: (number / 1e3, "k")
            default: (number / 1e6, "M")
            }
        return (value == value.rounded() ? "\(Int(value))" : String(format: "%.1f", value)) + unit
    }

    /// Percentiles, stretched so that each further nine takes as much room as the one before.
    static func percentile(to end: Double, from start: Double, length: Double) -> Axis {
        let last = depth(end)
        let ticks = [0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999].filter { depth($0) <= last }
            .map { Tick(value: depth($0), label: $0 == 0 ? "0" : "\(BenchReport.trimmed($0)) %") }
        return Axis(start: start, length: length, range: 0...last, isLogarithmic: false, ticks: ticks)
    }

    /// How many nines a percentile has.
    static func depth(_ percentile: Double) -> Double { -log10(max(1e-9, 1 - percentile / 100)) }
}

extension BenchReport {
    /// Without zeros behind the last digit that counts.
    static func trimmed(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
}

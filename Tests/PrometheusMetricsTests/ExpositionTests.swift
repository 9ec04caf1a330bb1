import PrometheusMetrics
import Testing

@Suite struct ExpositionTests {
    @Test func aFamilyIsItsHelpItsTypeAndItsSamples() {
        var family = MetricFamily(.counter, "checks_total", "Checks.")
        family.add(3, ["verdict": "hit"])
        family.add(0.5, ["verdict": "miss", "route": "/me"])
        #expect(
            Exposition.text([family, MetricFamily(.gauge, "entries", "Entries.", 7)]) == """
                # HELP checks_total Checks.
                # TYPE checks_total counter
                checks_total{verdict="hit"} 3
                checks_total{verdict="miss",route="/me"} 0.5
                # HELP entries Entries.
                # TYPE entries gauge
                entries 7

                """)
    }

    /// A label value may be any text: it must not be able to end the line, or to forge another one.
    @Test func labelsAndHelpAreEscaped() {
        var family = MetricFamily(.gauge, "x", "a\\b\n\"c\"")
        family.add(1, ["a": "\"} 9\nx{b=\"\\"])
        #expect(
            Exposition.text([family]) == #"""
                # HELP x a\\b\n"c"
                # TYPE x gauge
                x{a="\"} 9\nx{b=\"\\"} 1

                """#)
    }

    @Test func aHistogramIsCumulated() {
        let histogram = Histogram(bounds: [1, 2.5])
        for value in [0.5, 1, 2, 4] { histogram.record(value) }
        var family = MetricFamily(.histogram, "size", "Sizes.")
        family.add(histogram.snapshot + histogram.snapshot, labels: [("of", "it")])
        #expect(
            Exposition.text([family]) == """
                # HELP size Sizes.
                # TYPE size histogram
                size_bucket{of="it",le="1.0"} 4
                size_bucket{of="it",le="2.5"} 6
                size_bucket{of="it",le="+Inf"} 8
                size_sum{of="it"} 15
                size_count{of="it"} 8

                """)
    }

    @Test func ofSeveralStatesOneIsTheCase() {
        let text = Exposition.text([MetricFamily("log", "The log.", state: "on", of: ["off", "on"])])
        #expect(text.contains("log{state=\"off\"} 0\nlog{state=\"on\"} 1\n"))
    }

    @Test func durationsHaveBucketsFromAMicrosecondToTenSeconds() {
        #expect(Histogram.durationBounds.first == 1e-6)
        #expect(Histogram.durationBounds.last == 10)
        #expect(Histogram.durationBounds.contains(0.0025))
        #expect(Histogram.durationBounds == Histogram.durationBounds.sorted())
    }

    @Test func whatManyThreadsRecordIsAllThere() async {
        let histogram = Histogram(bounds: [0.5])
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<10_000 { histogram.record(1) } }
            }
        }
        #expect(histogram.snapshot.counts == [0, 80_000])
        #expect(histogram.snapshot.sum == 80_000)
    }
}

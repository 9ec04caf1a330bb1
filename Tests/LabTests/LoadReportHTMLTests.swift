import Foundation
import Testing

@testable import Lab

@Suite struct LoadReportHTMLTests {
    @Test func itNeedsNothingFromOutside() {
        let html = SampleReport.made().html
        for outside in ["http", "//", "src=", "href=", "url(", "@import", "<script", "<link", "<iframe"] {
            #expect(!html.contains(outside), "there is \(outside)")
        }
    }

    @Test func whatComesFromOutsideIsText() {
        let evil = "</style><script>alert(\"x\")</script>&'"
        var report = SampleReport.made(seconds: 3)
        report.title = evil
        report.machine.processor = evil
        report.settings = [.init(evil, evil)]
        report.facts = [.init(evil, evil)]
        report.failures = [evil]
        report.warnings = [evil]
        report.faults = [.init(kind: evil, target: evil, start: 1, end: 2)]
        report.operations[0].name = evil
        report.comparisons = [
            .init(title: evil, first: evil, second: evil, figures: [.init(name: evil, first: [1], second: [2])])
        ]
        report.phases = [.init(name: evil, start: 0, end: 1)]
        let html = report.html
        #expect(!html.contains("<script"))
        #expect(html.components(separatedBy: "</style>").count == 2)
        #expect(html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;"))
        expectBalanced(html)
    }

    @Test(arguments: [0, 1, 2, 90, 4000])
    func everyTagIsClosedWhateverTheLength(seconds: Int) {
        var report = SampleReport.empty
        report.seconds = Double(seconds)
        report.timeLine = (0..<seconds).map {
            LoadReport.Second(
                second: $0, completed: $0 % 7, errors: $0 % 3, violations: 0, p50: 1, p99: 2, maximum: 3)
        }
        let html = report.html
        expectBalanced(html)
        #expect(!html.contains("nan") && !html.contains("inf"))
        // Long runs are put together: a page stays one that a browser shows at once.
        #expect(html.utf8.count < 400_000)
    }

    @Test func theVerdictIsThere() {
        #expect(SampleReport.made(seconds: 3).html.contains("✗ failed"))
        #expect(SampleReport.empty.html.contains("✓ passed"))
    }

    @Test func faultsErrorsAndViolationsAreMarked() {
        let html = SampleReport.made().html
        #expect(html.contains("kill -9, daemon, at 12.2 s, over after 1.20 s"))
        #expect(html.contains("disk full, daemon, at 48.7 s, its end was not seen"))
        #expect(html.contains("3 violations at 14 s"))
        #expect(html.contains("class=\"error\""))
    }

    private func expectBalanced(_ html: String) {
        var open: [String] = []
        #expect(html.contains("<html"))
        for tag in html.matches(of: /<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/) {
            let name = String(tag.2)
            if ["meta"].contains(name) || tag.3 == "/" { continue }
            if tag.1 == "/" {
                #expect(open.popLast() == name)
            } else {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }
}

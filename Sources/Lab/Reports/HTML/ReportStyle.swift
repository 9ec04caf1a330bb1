/// The style of a report's page. Colours that carry meaning have a contrast of at least 4.5 for text and 3 for lines,
/// in both modes. No meaning depends on colour alone: lines also differ in their dashes.
enum ReportStyle {
    static let css = """
        :root {
          color-scheme: light dark;
          --ground: #f5f6f8; --card: #ffffff; --text: #1b2129; --quiet: #56616e; --grid: #e3e7ec; --axis: #98a2ae;
          --blue: #1d63c4; --orange: #b3530a; --grey: #66717d; --purple: #8a3ba6; --teal: #0b7571; --pink: #b8306e;
          --good: #13712f; --bad: #b8161f; --fault: rgba(202, 138, 4, .20); --faultline: #92660a;
          --turn: rgba(86, 97, 110, .16);
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #0f1318; --card: #181d24; --text: #e8ecf1; --quiet: #a3aebb; --grid: #2a313b; --axis: #6b7683;
            --blue: #70a9ff; --orange: #f3a55c; --grey: #9aa5b1; --purple: #cf92e8; --teal: #4fc8c1; --pink: #f58db8;
            --good: #59d27f; --bad: #ff7f78; --fault: rgba(234, 179, 8, .20); --faultline: #e3b341;
            --turn: rgba(163, 174, 187, .20);
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; padding: 24px 20px 40px; background: var(--ground); color: var(--text);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif;
        }
        main { max-width: 1120px; margin: 0 auto; display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
        h1 { font-size: 24px; line-height: 1.25; margin: 0; }
        h2 { font-size: 15px; margin: 0; }
        header p { margin: 4px 0 0; color: var(--quiet); }
        header .first { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; }
        .verdict { font-weight: 700; border: 2px solid; border-radius: 99px; padding: 1px 14px; }
        .passed, .good { color: var(--good); }
        .failed, .bad { color: var(--bad); }
        .tiles { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); }
        .tile, figure, section {
          background: var(--card); border: 1px solid var(--grid); border-radius: 10px; padding: 12px 16px; margin: 0;
        }
        .tile b { display: block; font-size: 21px; line-height: 1.3; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .tile span { color: var(--quiet); font-size: 13px; }
        section.failed { border: 2px solid var(--bad); color: var(--text); }
        section.failed h2 { color: var(--bad); }
        section.warned { border-left: 4px solid var(--faultline); }
        ul { margin: 6px 0 0; padding-left: 20px; }
        li { overflow-wrap: anywhere; }
        figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; margin-bottom: 6px; }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13px; color: var(--quiet); }
        .key { display: inline-flex; gap: 6px; align-items: center; white-space: nowrap; }
        figure > svg { display: block; width: 100%; height: auto; }
        svg.narrow { display: none; }
        svg path { fill: none; }
        .grid { stroke: var(--grid); stroke-width: 1; }
        .axis { stroke: var(--axis); stroke-width: 1; }
        text { font-size: 12px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
        text.label { fill: var(--text); font-size: 11.5px; }
        text.count { fill: var(--bad); font-weight: 700; }
        .line { stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .p50, .rate, .series0 { stroke: var(--blue); }
        .p99, .series1 { stroke: var(--orange); }
        .p99, .series1 { stroke-dasharray: 7 4; }
        .maximum { stroke: var(--grey); stroke-dasharray: 1 4; }
        .series2 { stroke: var(--teal); stroke-dasharray: 2 4; }
        .series3 { stroke: var(--purple); stroke-dasharray: 9 3 2 3; }
        .series4 { stroke: var(--pink); stroke-dasharray: 12 5; }
        .series5 { stroke: var(--grey); stroke-dasharray: 4 2; }
        rect.error { fill: var(--orange); }
        rect.fault { fill: var(--fault); }
        .faultstart { stroke: var(--faultline); stroke-width: 1; }
        rect.fault.open { stroke: var(--faultline); stroke-dasharray: 3 3; }
        rect.touch { fill: transparent; }
        rect.touch:hover { fill: var(--axis); fill-opacity: .18; }
        .sample { stroke-width: 9; }
        .sample.error { stroke: var(--orange); }
        rect.turn { fill: var(--turn); }
        .sample.turn { stroke: var(--turn); }
        .sample.fault { stroke: var(--fault); }
        svg path.violation { fill: var(--bad); stroke: var(--card); stroke-width: 1; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: 14px; width: 100%; }
        th, td { text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
        tr:last-child td { border-bottom: 0; }
        th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
        td { overflow-wrap: anywhere; min-width: 7em; }
        .number { min-width: 0; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding: 5px 0 5px 14px; }
        section h2 { margin-bottom: 4px; }
        .pair { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); }
        @media (max-width: 640px) {
          body { padding: 14px 10px 28px; }
          .tile, figure, section { padding: 10px 12px; }
          svg.wide { display: none; }
          svg.narrow { display: block; }
        }
        @media print { body { background: #fff; } .tile, figure, section { break-inside: avoid; } }
        """
}

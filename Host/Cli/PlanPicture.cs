using System.Globalization;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Cli;

/// <summary>A plan as a picture: the path with its frames and the ways between them, a timeline below, the cost of the whole scan
/// last.</summary>
/// <remarks>Drawn is the first take, or as much of it as can be seen.</remarks>
internal sealed class PlanPicture
{
    public const double Width = 960;

    private const double Left = 70;
    private const double Right = Width - 30;
    private const int MostFrames = 20_000;
    private const int MostMarks = 400;

    private readonly ScanPlan _plan;
    private readonly SvgText _svg = new();
    private readonly TakeCourse _course;
    private readonly FrameRange _drawn;

    private PlanPicture(ScanPlan plan)
    {
        _plan = plan;
        var take = plan.NextTake(new FrameRange(0, Math.Min(plan.Frames, MostFrames)));
        _drawn = take;
        _course = new TakeCourse(plan, plan.Compile(take));
    }

    /// <summary>The picture as SVG.</summary>
    public static string Of(ScanPlan plan) => new PlanPicture(plan).Draw();

    private string Draw()
    {
        var shape = string.Join(" × ", _plan.Path.Dimensions.Select(d => d.Length));
        var title = $"{_plan.Frames} frames ({shape}) on {string.Join(", ", _plan.Path.Axes)}";
        _svg.Text((Left, 28), title, "font-size=\"16\" font-weight=\"bold\"");
        var part = _drawn.Count == _plan.Frames ? "all of it" : $"its first take: frames {_drawn.First} to {_drawn.End - 1}";
        _svg.Text((Left, 46), $"drawn: {part}; plan {_plan.Hash[..12]}", "fill=\"#666\"");
        Legend(64);
        var y = _course.Moving.Count == 0 ? 80 : DrawPath(84);
        y = DrawTimeline(y + 34);
        y = DrawCost(y + 40);
        return _svg.Document(Width, y + 16);
    }

    private void Legend(double y)
    {
        var x = Left;
        foreach (var (name, colour) in PlanColours.Phases)
        {
            _svg.Rectangle((x, y - 9), (14, 10), $"fill=\"{colour}\"");
            _svg.Text((x + 19, y), name);
            x += 36 + 7.2 * name.Length;
        }
    }

    private double DrawPath(double top)
    {
        var (horizontal, vertical) = _course.PictureAxes();
        var plot = PlotArea.Of(_course, horizontal, vertical, (Left, top), Right - Left);
        plot.Frame(_svg, _course.Label(horizontal), vertical < 0 ? "time / s" : _course.Label(vertical));
        foreach (var stretch in _course.Stretches.Where(s => s.Phase != TakePhase.Frames))
            _svg.Path(
                [.. _course.Sample(stretch.StartNs, stretch.EndNs, 60).Select(t => plot.At(_course, t))],
                $"stroke=\"{PlanColours.Of(stretch.Phase)}\" stroke-width=\"1.6\" stroke-linejoin=\"round\"");
        // Below the frames: a stepped scan begins and ends at one.
        var (from, to) = (plot.At(_course, 0), plot.At(_course, _course.DurationNs));
        _svg.Circle(from, 6, $"fill=\"white\" stroke=\"{PlanColours.Of(TakePhase.RunUp)}\" stroke-width=\"2\"");
        _svg.Circle(to, 6, $"fill=\"{PlanColours.Of(TakePhase.RunDown)}\"");
        foreach (var stretch in _course.Stretches.Where(s => s.Phase == TakePhase.Frames))
            DrawFrames(plot, stretch);
        return plot.Bottom + 34;
    }

    private void DrawFrames(PlotArea plot, TakeStretch stretch)
    {
        var colour = PlanColours.Of(TakePhase.Frames);
        var still = _course.Stands(stretch);
        if (!still)
            _svg.Path(
                [.. _course.Sample(stretch.StartNs, stretch.EndNs, 400).Select(t => plot.At(_course, t))],
                $"stroke=\"{colour}\" stroke-width=\"3.2\"");
        if (_drawn.Count > MostMarks)
            return;
        foreach (var (startNs, endNs) in _course.Exposures(stretch))
        {
            var middle = plot.At(_course, (startNs + endNs) / 2);
            _svg.Circle(middle, still ? 3.6 : 2.2, still ? $"fill=\"{colour}\"" : $"fill=\"white\" stroke=\"{colour}\"");
        }
    }

    private double DrawTimeline(double top)
    {
        var scale = (Right - Left) / Math.Max(1, _course.DurationNs);
        double X(double timeNs) => Left + timeNs * scale;
        _svg.Text((Left, top - 8), "Timeline", "font-weight=\"bold\"");
        foreach (var stretch in _course.Stretches)
            _svg.Rectangle((X(stretch.StartNs), top), (Math.Max(0.3, (stretch.EndNs - stretch.StartNs) * scale), 18),
                $"fill=\"{PlanColours.Of(stretch.Phase)}\"");
        _svg.Text((Left - 8, top + 13), "phase", "text-anchor=\"end\" fill=\"#666\"");
        var y = DrawExposures(top + 24, X);
        foreach (var axis in _course.Moving)
            y = DrawAxis(axis, y + 10, X);
        DrawSeconds(y, X);
        return y + 20;
    }

    private double DrawExposures(double top, Func<double, double> x)
    {
        _svg.Text((Left - 8, top + 10), "exposed", "text-anchor=\"end\" fill=\"#666\"");
        foreach (var stretch in _course.Stretches.Where(s => s.Phase == TakePhase.Frames))
        {
            if (_drawn.Count > MostMarks)
            {
                _svg.Rectangle((x(stretch.StartNs), top), (x(stretch.EndNs) - x(stretch.StartNs), 12), "fill=\"#444\" opacity=\"0.6\"");
                continue;
            }
            foreach (var (startNs, endNs) in _course.Exposures(stretch))
                _svg.Rectangle((x(startNs), top), (Math.Max(0.4, x(endNs) - x(startNs)), 12), "fill=\"#444\"");
        }
        return top + 14;
    }

    private double DrawAxis(int axis, double top, Func<double, double> x)
    {
        const double height = 46;
        var (low, high) = _course.RangeOf(axis);
        var span = high > low ? high - low : 1;
        double Y(double timeNs) => top + height - (_course.At(axis, timeNs) - low) / span * height;
        List<(double, double)> points = [.. _course.Sample(0, _course.DurationNs, 1500).Select(t => (x(t), Y(t)))];
        _svg.Line((Left, top + height), (Right, top + height), "stroke=\"#ddd\"");
        _svg.Path(points, "stroke=\"#555\" stroke-width=\"1.2\"");
        _svg.Text((Left - 8, top + 28), _course.Label(axis), "text-anchor=\"end\" fill=\"#666\"");
        _svg.Text((Left - 8, top + 9), Number(high), "text-anchor=\"end\" font-size=\"10\" fill=\"#888\"");
        _svg.Text((Left - 8, top + 46), Number(low), "text-anchor=\"end\" font-size=\"10\" fill=\"#888\"");
        return top + height;
    }

    private void DrawSeconds(double y, Func<double, double> x)
    {
        var seconds = _course.DurationNs / 1e9;
        foreach (var tick in PlotArea.Ticks(0, seconds, 8))
        {
            _svg.Line((x(tick * 1e9), y), (x(tick * 1e9), y + 4), "stroke=\"#888\"");
            _svg.Text((x(tick * 1e9), y + 16), $"{Number(tick)} s", "text-anchor=\"middle\" font-size=\"10\" fill=\"#666\"");
        }
    }

    private double DrawCost(double top)
    {
        var cost = _plan.Estimate;
        var parts = $"{Many(cost.Takes, "take")}, {Many(cost.Windows, "window")}";
        var total = string.Create(CultureInfo.InvariantCulture, $"Whole scan: {cost.TotalNs / 1e9:0.0##} s, {parts}");
        _svg.Text((Left, top), total, "font-weight=\"bold\"");
        var scale = (Right - Left) / Math.Max(1, cost.TotalNs);
        var x = Left;
        var row = 0;
        foreach (var (name, ns, colour) in PlanColours.Costs(cost).Where(c => c.Ns > 0))
        {
            _svg.Rectangle((x, top + 8), (Math.Max(0.4, ns * scale), 18), $"fill=\"{colour}\"");
            x += ns * scale;
            var (column, line) = (row % 4, row / 4);
            var at = (X: Left + column * 215, Y: top + 46 + line * 18);
            _svg.Rectangle((at.X, at.Y - 9), (10, 10), $"fill=\"{colour}\"");
            _svg.Text((at.X + 15, at.Y), string.Create(
                CultureInfo.InvariantCulture, $"{name} {ns / 1e9:0.###} s ({100.0 * ns / cost.TotalNs:0.#} %)"), "font-size=\"11\"");
            row++;
        }
        return top + 46 + (row - 1) / 4 * 18;
    }

    private static string Many(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}

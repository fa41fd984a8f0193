using System.Globalization;

namespace Flyscan.Host.Cli;

/// <summary>Where two axes, or one axis and time, are drawn.</summary>
internal sealed record PlotArea(
    int Horizontal, int Vertical, (double Low, double High) Across, (double Low, double High) Up, (double X, double Y) Corner,
    (double Width, double Height) Size)
{
    private const double Flattest = 200;
    private const double Highest = 460;

    public double Bottom => Corner.Y + Size.Height;

    /// <summary>As wide as it may be, and as high as equal scales make it, within reason. Time runs downwards.</summary>
    public static PlotArea Of(TakeCourse course, int horizontal, int vertical, (double X, double Y) corner, double width)
    {
        var across = Wider(course.RangeOf(horizontal));
        var up = vertical < 0 ? (course.DurationNs / 1e9, 0.0) : Wider(course.RangeOf(vertical));
        if (vertical < 0)
            return new PlotArea(horizontal, vertical, across, up, corner, (width, 260));
        var natural = width * (up.Item2 - up.Item1) / (across.High - across.Low);
        // Too high is made narrower, at equal scales still, as long as it can be seen.
        var narrower = natural > Highest ? Math.Max(Flattest, width * Highest / natural) : width;
        return new PlotArea(horizontal, vertical, across, up, corner, (narrower, Math.Clamp(natural, Flattest, Highest)));
    }

    /// <summary>Round numbers between two, about as many as asked for.</summary>
    public static IEnumerable<double> Ticks(double low, double high, int about)
    {
        var rough = (high - low) / about;
        if (!(rough > 0))
            yield break;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = new[] { 1, 2, 5, 10 }.Select(f => f * power).First(s => s >= rough * 0.999);
        for (var tick = Math.Ceiling(low / step - 1e-9); tick * step <= high + 1e-9 * step; tick++)
            yield return tick == 0 ? 0 : tick * step;
    }

    public (double X, double Y) At(TakeCourse course, double timeNs) => (
        X(course.At(Horizontal, timeNs)), Y(Vertical < 0 ? timeNs / 1e9 : course.At(Vertical, timeNs)));

    public void Frame(SvgText svg, string across, string up)
    {
        svg.Rectangle(Corner, Size, "fill=\"#fafafa\" stroke=\"#ccc\"");
        foreach (var tick in Ticks(Across.Low, Across.High, 8))
        {
            svg.Line((X(tick), Corner.Y), (X(tick), Bottom), "stroke=\"#e8e8e8\"");
            svg.Text((X(tick), Bottom + 15), Number(tick), "text-anchor=\"middle\" font-size=\"10\" fill=\"#666\"");
        }
        foreach (var tick in Ticks(Math.Min(Up.Low, Up.High), Math.Max(Up.Low, Up.High), 5))
        {
            svg.Line((Corner.X, Y(tick)), (Corner.X + Size.Width, Y(tick)), "stroke=\"#e8e8e8\"");
            svg.Text((Corner.X - 6, Y(tick) + 3.5), Number(tick), "text-anchor=\"end\" font-size=\"10\" fill=\"#666\"");
        }
        svg.Text((Corner.X + Size.Width / 2, Bottom + 30), across, "text-anchor=\"middle\"");
        var middle = string.Create(CultureInfo.InvariantCulture, $"{Corner.X - 44:0.#} {Corner.Y + Size.Height / 2:0.#}");
        svg.Text((Corner.X - 44, Corner.Y + Size.Height / 2), up, $"text-anchor=\"middle\" transform=\"rotate(-90 {middle})\"");
    }

    private double X(double value) => Corner.X + (value - Across.Low) / (Across.High - Across.Low) * Size.Width;

    private double Y(double value) => Bottom - (value - Up.Low) / (Up.High - Up.Low) * Size.Height;

    private static (double Low, double High) Wider((double Low, double High) range)
    {
        var room = Math.Max(0.05 * (range.High - range.Low), 1e-9 + 1e-6 * Math.Abs(range.High));
        return (range.Low - room, range.High + room);
    }

    private static string Number(double value) => Math.Round(value, 9).ToString("0.######", CultureInfo.InvariantCulture);
}

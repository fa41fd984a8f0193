using System.Diagnostics;

namespace Flyscan.Scanning.Specs;

/// <summary>Files that specs refer to.</summary>
public static class SpecFiles
{
    /// <summary>Whether the spec refers to any file that is not read yet.</summary>
    public static bool AnyUnread(Spec spec)
    {
        var any = false;
        Resolve(spec, file =>
        {
            any = true;
            return file;
        });
        return any;
    }

    /// <summary>The spec with each file's rows, read by what the caller gives; what is read already stays.</summary>
    /// <remarks><b>Errors</b> those of the reader, a <see cref="SpecException"/> of it with the place in the spec.</remarks>
    public static Spec Resolve(Spec spec, Func<PointFile, PointFile> read) => Visit(spec, "spec", read);

    private static Spec Visit(Spec spec, string at, Func<PointFile, PointFile> read)
    {
        Spec In(Spec child, string member) => Visit(child, $"{at}.{member}", read);
        return spec switch
        {
            PointFile { Table: not null } => spec,
            PointFile p => Read(p, at, read),
            Product p => p with { Outer = In(p.Outer, "outer"), Inner = In(p.Inner, "inner") },
            Zip z => new Zip(In(z.Left, "left"), In(z.Right, "right")),
            Concat c => c with { Left = In(c.Left, "left"), Right = In(c.Right, "right") },
            Snake s => new Snake(In(s.Spec, "spec")),
            Squash s => s with { Spec = In(s.Spec, "spec") },
            Fly f => new Fly(In(f.Spec, "spec")),
            ConstantDuration d => d with { Spec = d.Spec is null ? null : In(d.Spec, "spec") },
            Durations d => d with { Spec = In(d.Spec, "spec") },
            DurationByPosition d => d with { Spec = In(d.Spec, "spec") },
            ConstantVelocity v => v with { Spec = In(v.Spec, "spec") },
            Delay d => d with { Spec = In(d.Spec, "spec") },
            Mask m => m with { Spec = In(m.Spec, "spec") },
            Linspace or Range or Static or Spiral or Ellipse or Polygon or Repeat => spec,
            _ => throw new UnreachableException(),
        };
    }

    private static PointFile Read(PointFile file, string at, Func<PointFile, PointFile> read)
    {
        try
        {
            return read(file);
        }
        catch (SpecException error) when (error.Path is null)
        {
            throw new SpecException(error.Message, at + ".file");
        }
    }
}

using System.Text.Json;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Triggering;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Reads a run as an analyst does: every file and every dataset, by h5py alone.</summary>
internal static class MasterScript
{
    public const string Text = """
        import glob, json, os, sys
        import h5py
        import numpy as np

        folder, expected = sys.argv[1], json.loads(sys.argv[2])
        shape = tuple(expected["shape"])
        frames = int(np.prod(shape))

        def read_all(path, seen):
            with h5py.File(path, "r") as file:
                def visit(name, item):
                    if isinstance(item, h5py.Dataset):
                        item[()]
                        seen[name] = item.shape
                file.visititems(visit)

        for path in glob.glob(os.path.join(folder, "data", "*.h5")):
            seen = {}
            read_all(path, seen)
            rows = {s[0] for n, s in seen.items() if n.startswith("entry/data/")}
            with h5py.File(path, "r") as file:
                recorded = int(file["entry/frames_recorded"][()])
            # In the file of a killed writer datasets may run ahead of what was recorded, one further than the other.
            assert min(rows) >= recorded, (path, recorded, seen)

        seen = {}
        read_all(os.path.join(folder, "master.nxs"), seen)
        rated = {r["name"]: r for r in expected["rated"]}
        for name, where in seen.items():
            if name.startswith("entry/committed/"):
                recorder = name.split("/")[2]
                assert where[0] == (len(rated[recorder]["numbers"]) if recorder in rated else frames), (name, where)
        with h5py.File(os.path.join(folder, "master.nxs"), "r") as file:
            entry = file["entry"]
            assert entry["status"][()] == b"finished", entry["status"][()]
            for name in ("readbacks/x", "readbacks/y", "identity/cam_frame_number", "identity/sample_index", "mask", "diode/data"):
                assert entry[name].shape == shape, (name, entry[name].shape)
            images = entry["cam/data"]
            assert images.shape[:-2] == shape, images.shape
            numbers = np.array(expected["numbers"]).reshape(shape)
            assert (entry["identity/cam_frame_number"][()] == numbers).all()
            pixels = images[()].reshape(-1, images.shape[-2] * images.shape[-1]).astype("<u4")
            assert ((pixels[:, 0] + (pixels[:, 1] << 16)) == numbers.ravel()).all()
            assert (entry["mask"][()] == 0).all()
            for name, own in rated.items():
                images = entry[name]["data"]
                assert images.shape[:-2] == tuple(own["shape"]), (name, images.shape)
                numbers = np.array(own["numbers"])[own["order"]].reshape(own["shape"])
                assert (entry["identity"][name + "_frame_number"][()] == numbers).all(), name
                assert (entry["committed"][name][name + "_frame_number"][()] == own["numbers"]).all(), name
                pixels = images[()].reshape(-1, images.shape[-2] * images.shape[-1]).astype("<u4")
                assert ((pixels[:, 0] + (pixels[:, 1] << 16)) == numbers.ravel()).all(), name
                said = [images.attrs.get("rows_per_frame", 1), images.attrs.get("frames_per_row", 1)]
                assert said == own["rate"], (name, said)
                axes = entry[name].attrs["axes"]
                assert len(axes) == len(images.shape), (name, axes)
                for axis, at in zip(axes, images.shape):
                    assert axis == "." or entry[name][axis].shape == (at,), (name, axis, at)
            for axis in ("x", "y"):
                apart = np.abs(entry["readbacks"][axis][()] - np.array(expected[axis]).reshape(shape))
                assert apart.max() < 0.02, (axis, apart.max())
        print("right")
        """;

    /// <summary>What must stand at each index.</summary>
    /// <param name="numbers">The camera's number of each frame, in scan order.</param>
    /// <param name="rated">The same of cameras with rates of their own; whole groups of frames stand in each row of the scan.</param>
    public static string Expectation(
        ScanPath path, IReadOnlyList<long> numbers, IReadOnlyList<(RatedDetector Detector, IReadOnlyList<long> Numbers)> rated)
    {
        var order = Enumerable.Range(0, (int)path.Length).Select(i => path.FrameAtShapeIndex(i)).ToArray();
        var axes = path.Axes.ToList();
        return JsonSerializer.Serialize(new
        {
            shape = path.Dimensions.Select(d => d.Length),
            numbers = order.Select(f => numbers[(int)f]),
            x = order.Select(f => path.MidpointOf(axes.IndexOf("x"), f)),
            y = order.Select(f => path.MidpointOf(axes.IndexOf("y"), f)),
            rated = rated.Select(r => new
            {
                name = r.Detector.Detector,
                rate = new[] { r.Detector.Rate.Multiple, r.Detector.Rate.Divide },
                shape = ShapeOf(path, r.Detector.Rate),
                numbers = r.Numbers,
                order = order.Where((_, place) => place % r.Detector.Rate.Divide == 0).SelectMany(frame =>
                    Enumerable.Range(0, r.Detector.Rate.Multiple).Select(i => r.Detector.Rate.Of(frame) + i)),
            }),
        });
    }

    private static IEnumerable<long> ShapeOf(ScanPath path, DetectorRate rate)
    {
        var shape = path.Dimensions.Select(d => d.Length).ToList();
        shape[^1] /= rate.Divide;
        return rate.Multiple == 1 ? shape : shape.Append(rate.Multiple);
    }
}
